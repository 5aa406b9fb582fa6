import Glibc

/// What a fault may do to the process, so that a test can look on instead of dying.
package struct ProcessDoor: Sendable {
    package var log: @Sendable (String) -> Void
    package var exit: @Sendable (Int32) -> Void

    package init(log: @escaping @Sendable (String) -> Void, exit: @escaping @Sendable (Int32) -> Void) {
        self.log = log
        self.exit = exit
    }

    /// Standard error, and the end.
    package static let real = ProcessDoor(
        log: { text in
            let bytes = Array((text + "\n").utf8)
            // A log that nobody takes is no reason to stop.
            _ = write(STDERR_FILENO, bytes, bytes.count)
        },
        exit: { status in _exit(status) })
}

/// Memory that is taken for nothing, touched so that the kernel has to give it.
struct Ballast {
    private var blocks: [[UInt8]] = []
    private(set) var bytes = 0

    mutating func grow(by count: Int, limit: Int) {
        let wanted = min(count, limit - bytes)
        guard wanted > 0 else { return }
        blocks.append([UInt8](repeating: 0xA5, count: wanted))
        bytes += wanted
    }
}
