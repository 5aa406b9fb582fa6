import CLinux
import Glibc
package import StokerHost
import Synchronization

/// Work for the thread of one loop, from any thread: each piece is done there, in order, with what lives there.
package final class Mailbox<Tenant>: Sendable {
    /// Rung when there is work; the loop waits for it among its sockets.
    package let bell: Bell
    private let queue = Mutex<[@Sendable (Tenant) -> Void]>([])

    package init() throws(SystemError) { bell = try Bell() }

    /// Has the body done on the loop's thread, soon.
    package func execute(_ body: @escaping @Sendable (Tenant) -> Void) {
        let isFirst = queue.withLock { queue in
            queue.append(body)
            return queue.count == 1
        }
        if isFirst { bell.ring() }
    }

    /// Does all that has come. On the loop's thread.
    package func open(for tenant: Tenant) {
        let work = queue.withLock { queue in
            defer { queue = [] }
            return queue
        }
        for body in work { body(tenant) }
    }
}

/// A descriptor that wakes a loop.
package final class Bell: Sendable {
    let descriptor: Descriptor

    init() throws(SystemError) {
        let number = clinux_event_descriptor()
        guard number >= 0 else { throw SystemError("eventfd") }
        descriptor = Descriptor(owning: number)
    }

    func ring() {
        var one: UInt64 = 1
        // Fails only when it rings already.
        _ = write(descriptor.number, &one, MemoryLayout<UInt64>.size)
    }

    func silence() {
        var count: UInt64 = 0
        _ = read(descriptor.number, &count, MemoryLayout<UInt64>.size)
    }
}
