import Glibc
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
package import StokerCore
package import StokerMetrics
import UnixSignals

/// The knowledge process: store, group commit, seeds and API as one application.
package struct KnowledgeService: Sendable {
    package let store: KnowledgeStore
    private let limits: KnowledgeLimits
    private let metrics: KnowledgeMetrics
    private let seeds: SeedDirectory?
    private let clock: MetricsClock
    private let logger: Logger

    /// - Parameter seeds: what to import before the service listens.
    package init(
        store: KnowledgeStore, metrics: KnowledgeMetrics, seeds: SeedDirectory? = nil,
        limits: KnowledgeLimits = KnowledgeLimits(), clock: MetricsClock = .system, logger: Logger
    ) {
        self.store = store
        self.limits = limits
        self.metrics = metrics
        self.seeds = seeds
        self.clock = clock
        self.logger = logger
        metrics.watch(store)
    }

    /// The application; run it in a service group, which ends it in good order: no new connections, running requests
    /// answered, queued writes on the disk.
    ///
    /// - Parameter listening: called with the port once connections are taken.
    package func application(
        listen: Endpoint, listening: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let commits = GroupCommit(store: store, limits: limits)
        let api = KnowledgeAPI(store: store, commits: commits, limits: limits, metrics: metrics, clock: clock)
        var application = Application(
            router: api.router(),
            server: .http1(configuration: .init(idleTimeout: .seconds(75))),
            configuration: ApplicationConfiguration(
                address: .hostname(listen.host, port: Int(listen.port)), serverName: "stoker-knowledge",
                availableConnectionsDelegate: MaximumAvailableConnections(limits.maxConnections, logger: logger)),
            services: [commits],
            onServerRunning: { channel in listening(channel.localAddress?.port ?? 0) },
            logger: logger)
        if let seeds {
            application.beforeServerStarts { try await load(seeds, through: commits) }
        }
        return application
    }

    /// Serves until SIGTERM or SIGINT; returns once what was accepted is answered and what was written is on the disk.
    ///
    /// - Throws: `cannotOpen` when the address cannot be had or a seed cannot be stored.
    package func serve(on listen: Endpoint, listening: @escaping @Sendable (Int) -> Void) async throws(KnowledgeError) {
        var configuration = ServiceGroupConfiguration(
            services: [application(listen: listen, listening: listening)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // A client that never finishes its request must not keep the process; the supervisor would kill it.
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as KnowledgeError {
            throw error
        } catch let error as IOError {
            let reason = String(cString: strerror(error.errnoCode))
            throw KnowledgeError(.cannotOpen, "cannot listen on \(listen.text): \(reason)")
        } catch {
            throw KnowledgeError(.cannotOpen, "cannot serve on \(listen.text): \(error)")
        }
    }

    private func load(_ seeds: SeedDirectory, through commits: GroupCommit) async throws {
        let summary = try await seeds.load(through: commits)
        for skipped in summary.skipped { logger.warning("not imported: \(skipped)") }
        logger.notice("seeds: \(summary.files) files, \(summary.added) passages new, \(summary.removed) replaced")
    }
}
