import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
package import StokerCore
import StokerMetrics

/// Why the simulator cannot start.
package struct SimulatorError: Error, Equatable {
    package var message: String

    package init(message: String) { self.message = message }
}

/// A simulated engine that listens.
package final class SimulatorServer: Sendable {
    /// What a person is told first, and what the `Server` header says again.
    package static let warning = "this is a simulator: its answers mean nothing"

    /// The port, also when the kernel chose it.
    package let port: Int
    private let group: MultiThreadedEventLoopGroup

    private init(port: Int, group: MultiThreadedEventLoopGroup) {
        self.port = port
        self.group = group
    }

    /// Listens and serves from one event loop until `stop`.
    ///
    /// - Throws: when the address cannot be had.
    package static func start(
        _ options: SimulatorOptions, on listen: Endpoint
    ) async throws(SimulatorError) -> SimulatorServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let metrics = try EngineMetrics(model: options.model)
            let channel = try await bind(options, metrics, on: listen, group.next())
            return SimulatorServer(port: channel.localAddress?.port ?? 0, group: group)
        } catch {
            try? await group.shutdownGracefully()
            throw SimulatorError(message: "cannot listen on \(listen.text): \(reason(of: error))")
        }
    }

    /// Ends at once, open streams with it, as vLLM does on SIGTERM.
    package func stop() async { try? await group.shutdownGracefully() }

    private static func bind(
        _ options: SimulatorOptions, _ metrics: EngineMetrics, on listen: Endpoint, _ loop: any EventLoop
    ) async throws -> any Channel {
        let created = Int64(time(nil))
        return try await loop.flatSubmit {
            let engine = NIOLoopBound(
                SimulatedEngine(options: options, metrics: metrics, created: created, loop: loop), eventLoop: loop)
            return ServerBootstrap(group: loop)
                .serverChannelOption(.backlog, value: 4096)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(ConnectionHandler(engine: engine.value))
                    }
                }
                .bind(host: listen.host, port: Int(listen.port))
        }.get()
    }

    private static func reason(of error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }
}
