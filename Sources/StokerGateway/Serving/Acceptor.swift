import StokerHost
import StokerMetrics
import StokerNet
import Synchronization

/// Takes clients from the listening socket and hands them to the loops in turn. Stops accepting at the limit, which is
/// none before the first table: who comes then waits in the kernel's backlog instead of getting a connection that
/// nobody serves, or from a gateway that has just started the answer that no model exists.
///
/// Confined to the control loop.
final class Acceptor {
    /// Accepted in one go before the control socket has its turn.
    private static let turn = 64
    /// Out of descriptors or memory: the kernel would say so again at once.
    private static let pauseAfterFailure = Duration.milliseconds(100)

    private var listener: Descriptor?
    private let events: SocketLoop
    private let loops: LoopGroup
    private let count: ConnectionCount
    private var next = 0
    private var watch: SocketLoop.Watch?

    init(_ listener: Descriptor, events: SocketLoop, loops: LoopGroup, count: ConnectionCount) {
        self.listener = listener
        self.events = events
        self.loops = loops
        self.count = count
    }

    /// Looks again whether more clients may come in.
    func look() {
        if let listener, count.hasRoom {
            if watch == nil { watch = events.watch(listener) { [weak self] in self?.accept() } }
        } else {
            rest()
        }
    }

    private func rest() {
        if let watch { events.end(watch) }
        watch = nil
    }

    /// Accepts nobody any more.
    func close() {
        rest()
        listener = nil
    }

    private func accept() {
        guard let listener else { return }
        for _ in 0..<Self.turn {
            guard count.hasRoom else { return look() }
            switch AcceptedSocket.accept(from: listener) {
            case .success(let socket):
                count.opened()
                loops.adopt(socket, at: next)
                next = (next + 1) % loops.count
            case .failure(let error):
                if error.isRoutine { return }
                rest()
                return events.after(Self.pauseAfterFailure) { [weak self] in self?.look() }
            }
        }
    }
}

/// The client connections of all loops, and how many there may be at once; a new table may change that.
final class ConnectionCount: Sendable {
    private let open = Atomic(0)
    private let limit = Atomic(0)
    private let gauge: Gauge
    /// Tells the acceptor to look again.
    private let wake = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ gauge: Gauge) { self.gauge = gauge }

    /// How many there are.
    var count: Int { open.load(ordering: .relaxed) }

    var hasRoom: Bool { open.load(ordering: .relaxed) < limit.load(ordering: .relaxed) }

    func allow(_ most: Int) {
        limit.store(max(1, most), ordering: .relaxed)
        wake.withLock { $0 }?()
    }

    func opened() { gauge.set(open.wrappingAdd(1, ordering: .relaxed).newValue) }

    func closed() {
        let now = open.wrappingSubtract(1, ordering: .relaxed).newValue
        gauge.set(now)
        if now + 1 >= limit.load(ordering: .relaxed) { wake.withLock { $0 }?() }
    }

    func whenRoomChanges(_ wake: @escaping @Sendable () -> Void) { self.wake.withLock { $0 = wake } }
}
