import Glibc
import NIOCore
import NIOPosix
package import StokerCore

/// Why the simulator cannot start.
package struct SimulatorError: Error, Equatable {
    package var message: String
    /// The port that somebody else has.
    package var takenPort: UInt16?

    package init(message: String, takenPort: UInt16? = nil) {
        self.message = message
        self.takenPort = takenPort
    }
}

/// Simulated engines that listen, one a port.
package final class SimulatorServer: Sendable {
    /// What a person is told first, and what the `Server` header says again.
    package static let warning = "this is a simulator: its answers mean nothing"

    /// The ports, also those that the kernel chose.
    package let ports: [Int]
    package var port: Int { ports.first ?? 0 }
    private let group: MultiThreadedEventLoopGroup
    /// Kept while it listens.
    private let engines: [NIOLoopBound<Listener>]

    private init(ports: [Int], engines: [NIOLoopBound<Listener>], group: MultiThreadedEventLoopGroup) {
        self.ports = ports
        self.engines = engines
        self.group = group
    }

    /// Listens and serves until `stop`.
    ///
    /// - Parameter loops: Event loops, hence cores, that the engines are dealt to; one engine lives on one loop.
    /// - Throws: when an address cannot be had.
    package static func start(
        _ options: SimulatorOptions, on listen: ListenRange, loops: Int = 1, door: ProcessDoor = .real
    ) async throws(SimulatorError) -> SimulatorServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, loops))
        var ports: [Int] = []
        var engines: [NIOLoopBound<Listener>] = []
        for (index, endpoint) in listen.endpoints.enumerated() {
            do {
                var own = options
                // Replicas say the same, but not at the same time.
                own.seed &+= UInt64(index)
                let (port, listener) = try await open(own, on: endpoint, group.next(), door)
                ports.append(port)
                engines.append(listener)
            } catch {
                try? await group.shutdownGracefully()
                let isTaken = (error as? IOError)?.errnoCode == EADDRINUSE
                throw SimulatorError(
                    message: "cannot listen on \(endpoint.text): \(reason(of: error))",
                    takenPort: isTaken ? endpoint.port : nil)
            }
        }
        return SimulatorServer(ports: ports, engines: engines, group: group)
    }

    /// One engine on one address.
    package static func start(
        _ options: SimulatorOptions, on listen: Endpoint, door: ProcessDoor = .real
    ) async throws(SimulatorError) -> SimulatorServer {
        try await start(options, on: ListenRange(listen), door: door)
    }

    /// Ends at once, open streams with it, as vLLM does on SIGTERM.
    package func stop() async { try? await group.shutdownGracefully() }

    private static func open(
        _ options: SimulatorOptions, on endpoint: Endpoint, _ loop: any EventLoop, _ door: ProcessDoor
    ) async throws -> (Int, NIOLoopBound<Listener>) {
        let created = WallClock.now
        return try await loop.flatSubmit {
            do {
                let engine = try SimulatedEngine(options: options, created: created, loop: loop, door: door)
                let listener = Listener(engine: engine, host: endpoint.host, port: endpoint.port)
                engine.listener = listener
                let bound = NIOLoopBound(listener, eventLoop: loop)
                return listener.open().map {
                    let port = bound.value.port
                    bound.value.begin()
                    return (port, bound)
                }
            } catch {
                return loop.makeFailedFuture(error)
            }
        }.get()
    }

    private static func reason(of error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }
}
