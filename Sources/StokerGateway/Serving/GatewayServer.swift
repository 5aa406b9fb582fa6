package import Logging
import NIOCore
import NIOPosix
package import StokerCore
package import StokerMetrics

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
    private let loops: LoopGroup
    /// Accepts, and serves the private socket, so that neither ever waits for the data plane nor delays it.
    private let control: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let socket: (any Channel)?
    private let log: Logger

    private init(
        desk: TableDesk, loops: LoopGroup, control: MultiThreadedEventLoopGroup, listener: any Channel,
        socket: (any Channel)?, log: Logger
    ) {
        self.desk = desk
        self.loops = loops
        self.control = control
        self.listener = listener
        self.socket = socket
        self.log = log
    }

    /// Where clients connect to; tests ask for port 0 and look here.
    package var localPort: Int? { listener.localAddress?.port }

    /// Starts to listen; accepts from the first table on.
    ///
    /// - Parameters:
    ///   - limits: in force until the first table brings its own; the number of threads is for good.
    ///   - socketPath: the private socket; nil for none.
    package static func start(
        _ listener: Listener, limits: GatewayPlan, socketPath: String? = nil, registry: MetricsRegistry,
        log: Logger = Logger(label: "stoker.gateway")
    ) async throws -> GatewayServer {
        let metrics = try GatewayMetrics(registry)
        let table = CompiledTable.empty(limits: limits)
        let limit = ConnectionLimit(0)
        let recent = RecentRequests(capacity: limits.recentRequests)
        let loops = try await LoopGroup.start(threads: limits.threads, table: table, metrics: metrics, recent: recent)
        let control = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let desk = TableDesk(table, loops: loops, limit: limit, recent: recent, log: log)
        GatewayMetrics.collectBackends(registry) { desk.table }
        do {
            let gauge = metrics.connections.with("main")
            let clients = try await listen(listener, control: control, loops: loops, limit: limit, gauge: gauge)
            desk.whenLimitChanges { clients.read() }
            let routes = ControlRoutes(desk: desk, registry: registry, recent: recent) { loops.live() }
            var socket: (any Channel)?
            if let socketPath { socket = try await ControlSocket.listen(on: socketPath, routes, group: control) }
            return GatewayServer(
                desk: desk, loops: loops, control: control, listener: clients, socket: socket, log: log)
        } catch {
            try? await loops.group.shutdownGracefully()
            try? await control.shutdownGracefully()
            throw error
        }
    }

    private static func listen(
        _ listener: Listener, control: MultiThreadedEventLoopGroup, loops: LoopGroup, limit: ConnectionLimit,
        gauge: Gauge
    ) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: control, childGroup: loops.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptGate(limit: limit, gauge: gauge))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // What a slow client may hold in our memory: at most a read more than the upper mark.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 128 << 10, high: 512 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try loops.adopt(channel) }
            }
        switch listener {
        case .inherited(let descriptor): return try await bootstrap.withBoundSocket(descriptor).get()
        case .bind(let endpoint): return try await bootstrap.bind(host: endpoint.host, port: Int(endpoint.port)).get()
        }
    }

    /// Stops accepting and waits until every request has had its answer, or until the task is cancelled.
    ///
    /// - Parameter pause: between two looks at whether somebody is still being served.
    package func drain<C: Clock>(clock: C, lookEvery pause: C.Duration) async {
        log.notice("draining: no new connections")
        try? await listener.close()
        loops.onEach { $0.drain() }
        while await !loops.areEmpty() {
            guard (try? await clock.sleep(for: pause)) != nil else { return }
        }
    }

    /// Ends everything now.
    package func shutdown() async {
        try? await listener.close()
        try? await socket?.close()
        try? await loops.group.shutdownGracefully()
        try? await control.shutdownGracefully()
    }
}
