import CLinux
import StokerHost

/// Waits for many sockets at once, on the thread of one loop.
///
/// Not `EventPoll` of StokerHost: that one calls handlers under a lock, which is right for ten descriptors and not for
/// a hundred thousand events a second.
struct Poller: ~Copyable {
    /// Few enough that requests which fall due meanwhile wait no longer than a fraction of a millisecond.
    static let batch = 128

    private let epoll: Descriptor
    private var ready = [clinux_ready](repeating: clinux_ready(), count: Self.batch)
    private(set) var readyCount = 0

    init() throws(LoadError) {
        let number = clinux_epoll_create()
        guard number >= 0 else { throw LoadError("\(SystemError("epoll_create"))") }
        epoll = Descriptor(owning: number)
    }

    /// Waits until something is ready or the time is over; returns for how many.
    mutating func wait(_ timeout: Nanoseconds) -> Int {
        readyCount = max(0, Int(clinux_epoll_wait_until(epoll.number, &ready, Int32(Self.batch), timeout)))
        return readyCount
    }

    /// Lets the processor go for a while, whatever happens to the sockets.
    static func rest(_ time: Nanoseconds) { if time > 0 { clinux_rest(time) } }

    subscript(_ index: Int) -> clinux_ready { ready[index] }

    /// Tells of each change of the socket once: one look at it for each event instead of two, and no call that says
    /// what is waited for.
    func add(_ socket: Int32, token: UInt64) -> Bool { clinux_epoll_add_edge(epoll.number, socket, token) == 0 }
}
