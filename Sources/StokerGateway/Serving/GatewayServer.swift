package import Logging
package import StokerCore
import StokerHost
package import StokerMetrics
import StokerNet
import Synchronization

/// The data plane: listens for clients, and on a private socket for the control plane.
///
/// It serves on with its last table for as long as nobody sends it another.
package final class GatewayServer: Sendable {
    /// Where clients come in.
    package enum Listener: Sendable {
        /// A listening socket that the control plane (or systemd) has bound.
        case inherited(descriptor: Int32)
        case bind(Endpoint)
    }

    /// Tables come in here.
    package let desk: TableDesk
    /// Where clients connect to; tests ask for port 0 and look here.
    package let localPort: Int?
    private let loops: LoopGroup
    private let control: Mailbox<ControlLoop>
    private let running: ThreadCount
    private let departure: Departure
    private let log: Logger

    private init(
        desk: TableDesk, loops: LoopGroup, control: Mailbox<ControlLoop>, running: ThreadCount, departure: Departure,
        localPort: Int?, log: Logger
    ) {
        self.desk = desk
        self.loops = loops
        self.control = control
        self.running = running
        self.departure = departure
        self.localPort = localPort
        self.log = log
    }

    /// Starts to listen; accepts from the first table on.
    ///
    /// - Parameters:
    ///   - limits: in force until the first table brings its own; the number of threads is for good.
    ///   - socketPath: the private socket; nil for none.
    package static func start(
        _ listener: Listener, limits: GatewayPlan, socketPath: String? = nil, registry: MetricsRegistry,
        log: Logger = Logger(label: "stoker.gateway")
    ) throws -> GatewayServer {
        let metrics = try GatewayMetrics(registry)
        let clients = try open(listener)
        let privateSocket = try socketPath.map(ControlSocket.open)
        let table = CompiledTable.empty(limits: limits)
        let connections = ConnectionCount(metrics.connections.with("main"))
        let recent = RecentRequests(capacity: limits.recentRequests)
        let notices = NoticeBoard()
        let loops = try LoopGroup(
            threads: limits.threads, table: table, metrics: metrics, connections: connections, recent: recent,
            notices: notices)
        let desk = TableDesk(table, loops: loops, connections: connections, recent: recent, log: log)
        GatewayMetrics.collectBackends(registry) { desk.table }
        GatewayMetrics.collectQueues(registry) { desk.table }
        GatewayMetrics.collectCertificate(registry) { desk.table }
        let control = try Mailbox<ControlLoop>()
        let running = ThreadCount(1)
        try ControlLoop.start(control, running: running)
        connections.whenRoomChanges { [weak control] in control?.execute { $0.lookForRoom() } }
        let departure = Departure()
        let routes = ControlRoutes(
            desk: desk, registry: registry, recent: recent, notices: notices, live: { loops.live() },
            leave: { [weak control] in
                control?.execute { loop in
                    loop.closeListener()
                    loops.onEach { $0.leave() }
                    departure.begin()
                }
            },
            isLeaving: { departure.hasBegun })
        control.execute { loop in
            loop.listen(clients, loops: loops, connections: connections)
            loop.watchCertificate(of: desk)
            if let privateSocket { loop.serve(routes, on: privateSocket) }
        }
        return GatewayServer(
            desk: desk, loops: loops, control: control, running: running, departure: departure,
            localPort: ListeningSocket.port(of: clients).map(Int.init), log: log)
    }

    private static func open(_ listener: Listener) throws -> Descriptor {
        switch listener {
        case .inherited(let number):
            let descriptor = Descriptor(owning: number)
            try descriptor.setNonBlocking()
            return descriptor
        case .bind(let endpoint): return try ListeningSocket.open(endpoint)
        }
    }

    /// Stops accepting and waits until every request has had its answer, or until the task is cancelled.
    ///
    /// - Parameter pause: between two looks at whether somebody is still being served.
    package func drain<C: Clock>(clock: C, lookEvery pause: C.Duration) async {
        log.notice("draining: no new connections")
        await withCheckedContinuation { continuation in
            control.execute { loop in
                loop.closeListener()
                continuation.resume()
            }
        }
        loops.onEach { $0.drain() }
        while await loops.gather({ $0.hasClients }).contains(true) {
            guard (try? await clock.sleep(for: pause)) != nil else { return }
        }
    }

    /// Returns when another gateway has taken over and the last client of this one is gone, or when the task is
    /// cancelled.
    package func waitUntilLeft<C: Clock>(clock: C, lookEvery pause: C.Duration) async {
        for await _ in departure.began {}
        guard departure.hasBegun else { return }
        log.notice("replaced: no new connections")
        while await loops.gather({ $0.hasClients }).contains(true) {
            guard (try? await clock.sleep(for: pause)) != nil else { return }
        }
    }

    /// Ends everything now.
    package func shutdown() async {
        control.execute { $0.events.stop() }
        await running.end()
        await loops.stop()
    }
}

/// Whether another gateway has taken over.
private final class Departure: Sendable {
    /// Ends when it has begun.
    let began: AsyncStream<Never>
    private let gate: AsyncStream<Never>.Continuation
    private let flag = Atomic(false)

    init() { (began, gate) = AsyncStream.makeStream() }

    var hasBegun: Bool { flag.load(ordering: .acquiring) }

    func begin() {
        flag.store(true, ordering: .releasing)
        gate.finish()
    }
}
