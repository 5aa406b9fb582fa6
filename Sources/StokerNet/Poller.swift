package import CLinux
package import StokerHost

/// Waits for many sockets at once, on the thread of one loop.
///
/// Not `EventPoll` of StokerHost: that one calls handlers under a lock, which is right for ten descriptors and not for
/// a hundred thousand events a second.
package struct Poller: ~Copyable {
    /// Few enough that requests which fall due meanwhile wait no longer than a fraction of a millisecond.
    package static let batch = 128

    private let epoll: Descriptor
    private var ready = [clinux_ready](repeating: clinux_ready(), count: Self.batch)
    package private(set) var readyCount = 0

    package init() throws(SystemError) {
        let number = clinux_epoll_create()
        guard number >= 0 else { throw SystemError("epoll_create") }
        epoll = Descriptor(owning: number)
    }

    /// Waits until something is ready or the nanoseconds are over; returns for how many.
    package mutating func wait(_ timeout: Int64) -> Int {
        readyCount = max(0, Int(clinux_epoll_wait_until(epoll.number, &ready, Int32(Self.batch), timeout)))
        return readyCount
    }

    /// Lets the processor go for so many nanoseconds, whatever happens to the sockets.
    package static func rest(_ time: Int64) { if time > 0 { clinux_rest(time) } }

    package subscript(_ index: Int) -> clinux_ready { ready[index] }

    /// Tells of each change of the socket once: one look at it for each event instead of two, and no call that says
    /// what is waited for.
    package func add(_ socket: Int32, token: UInt64) -> Bool { clinux_epoll_add_edge(epoll.number, socket, token) == 0 }

    /// Tells of a descriptor as long as it is readable: for sockets that listen, and for bells.
    package func addLevel(_ descriptor: Int32, token: UInt64) -> Bool {
        clinux_epoll_add(epoll.number, descriptor, token, 0) == 0
    }

    /// Forgets a descriptor that stays open.
    package func remove(_ descriptor: Int32) { _ = clinux_epoll_remove(epoll.number, descriptor) }
}
