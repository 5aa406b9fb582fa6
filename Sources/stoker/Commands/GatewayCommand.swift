import ArgumentParser
import Foundation
import Logging
import StokerCore
import StokerGateway
import StokerMetrics
import UnixSignals

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `stoker gateway`: the data plane. `stoker run` starts it as a child; by hand it is for tests and benchmarks.
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Serve clients with the routing table that comes over a private socket (internal).",
        discussion: """
            Takes the listening socket as descriptor 3 when LISTEN_FDS is set (systemd's convention), else binds
            --listen. SIGTERM stops accepting and finishes what is in flight, 30 s at most; a second one ends at once.
            PUT /leave, for one that was replaced, does so without a bound.

            EXAMPLES
              stoker gateway --socket /run/stoker/gateway.sock                       # as `stoker run` does
              stoker gateway --socket /tmp/gateway.sock --listen 127.0.0.1:8080
              curl --unix-socket /tmp/gateway.sock -T table.json http://gateway/table

            EXIT CODES
              0 ended in good order, 2 cannot listen
            """,
        shouldDisplay: false)

    @Option(help: "Path of the private unix socket: PUT /table, PUT /leave, GET /metrics, GET /status.")
    var socket: String

    @Option(help: "Address to bind when no listening socket is inherited.")
    var listen: String?

    @Option(help: "Event loops; 0 means one per core.")
    var threads = 0

    /// How long requests in flight may take after the first SIGTERM.
    static let drainTime = Duration.seconds(30)

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        OpenFileLimit.raise()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let server = try start()
        await serve(server, until: signals)
        await server.shutdown()
    }

    private func start() throws -> GatewayServer {
        let address = try endpoint()
        let limits = GatewayPlan(listen: address ?? Endpoint(host: "127.0.0.1", port: 0), threads: threads)
        let listener = address.map(GatewayServer.Listener.bind) ?? .inherited(descriptor: 3)
        // Of this thread and of those that it starts: the event loops.
        Precedence.raise()
        do {
            return try GatewayServer.start(
                listener, limits: limits, socketPath: socket, registry: MetricsRegistry(component: "gateway"))
        } catch {
            let place = address?.text ?? "the inherited socket"
            let complaint = "stoker gateway: cannot listen on \(place) and \(socket): \(error)\n"
            FileHandle.standardError.write(Data(complaint.utf8))
            throw ExitCode(2)
        }
    }

    /// nil: the socket is inherited.
    private func endpoint() throws -> Endpoint? {
        // LISTEN_PID is compared where it is set; the control plane cannot know it before exec.
        let isOurs = getenv("LISTEN_PID").map { String(cString: $0) == "\(getpid())" } ?? true
        if getenv("LISTEN_FDS").map({ String(cString: $0) == "1" }) ?? false, isOurs { return nil }
        guard let listen else {
            throw ValidationError("no inherited socket (LISTEN_FDS is not 1): name an address with --listen")
        }
        guard let endpoint = Endpoint(text: listen) else {
            throw ValidationError("--listen \(listen): write it as 127.0.0.1:8080 or [::1]:8080")
        }
        return endpoint
    }

    /// Serves until the first signal, then drains; a second signal cuts the draining short.
    ///
    /// One task holds the signals: they can be iterated only once.
    private func serve(_ server: GatewayServer, until signals: UnixSignalsSequence) async {
        let (drainOrder, order) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var count = 0
                for await _ in signals {
                    count += 1
                    guard count == 1 else { return }
                    order.finish()
                }
            }
            group.addTask {
                for await _ in drainOrder {}
                await drain(server)
            }
            group.addTask { await server.waitUntilLeft(clock: ContinuousClock(), lookEvery: .milliseconds(100)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Ends when nobody is served any more, or when the time is up.
    private func drain(_ server: GatewayServer) async {
        let clock = ContinuousClock()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.drain(clock: clock, lookEvery: .milliseconds(20)) }
            group.addTask { try? await clock.sleep(for: Self.drainTime) }
            await group.next()
            group.cancelAll()
        }
    }
}
