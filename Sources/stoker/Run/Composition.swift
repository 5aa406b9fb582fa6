import Foundation
import Glibc
import Logging
import ServiceLifecycle
import StokerAdmin
import StokerContinuity
import StokerCore
import StokerHost
import StokerMetrics
import StokerProbe
import StokerStore
import StokerSupervisor
import UnixSignals

/// Builds the control plane from a plan and runs it: the one place where the parts meet.
struct Composition {
    let plan: Plan
    let daemon: Daemon
    let parts: DaemonParts
    let registry: MetricsRegistry
    let drills: DrillRunner<ContinuousClock>
    private let host: ShimProcessHost
    /// Held for the life of the daemon: the lock on the state directory, and the gateway's listening socket.
    private let claims: Claims

    /// Builds everything and starts nothing.
    ///
    /// - Throws: `StartFailure` with one line for whatever is in the way.
    init(plan: Plan, loader: PlanLoader, program: String) async throws {
        self.plan = plan
        claims = try await Claims(plan: plan)
        registry = MetricsRegistry()
        let now: @Sendable () -> Timestamp = { .now }
        let store = EventStore(path: plan.eventsDatabase, retention: plan.events, now: now)
        let environment = ProcessInfo.processInfo.environment
        let printer = EventPrinter(environment: environment)
        let recorder = FailoverRecorder(now: { .now }, wall: now)
        let sink = EventTee(sinks: [printer, store, recorder])
        let failovers = try FailoverLog(path: plan.continuityDatabase, registry: registry, sink: sink, now: now)
        recorder.onFinished(failovers.keep)
        let history = (try? ContinuityStore.drills(path: plan.continuityDatabase, limit: 1000)) ?? []
        let drillLog = DrillLog(metrics: DrillMetrics(registry, history: history), sink: sink, now: now)
        let client = CurlClient()
        host = try Self.host(plan: plan, program: program, listener: claims.listener)
        let desk = CanaryDesk(plan.models, records: await store.canaries())
        let table = RoutingTable(
            plan: plan, statuses: [], splits: desk.splits, version: 1, epoch: Timestamp.now.milliseconds)
        let supervisor = Supervisor(
            host: host, prober: SystemProber(client: client), clock: ContinuousClock(), wallClock: now, sink: sink,
            seed: UInt64.random(in: 0 ... .max),
            metrics: try SupervisorMetrics(registry))
        let link = GatewayLink(
            sockets: { plan.gatewaySocket(seat: $0) }, client: client, table: table, sink: sink,
            recorder: recorder, now: now)
        parts = DaemonParts(
            table: table, supervisor: supervisor, link: link,
            keeper: StandbyKeeper(plan: plan, supervisor: supervisor, link: link, sink: sink, now: now),
            store: store, sink: sink, instruments: DaemonMetrics(registry: registry),
            desk: desk, canaryMetrics: CanaryMetrics(registry: registry),
            gpus: try GPUService.find(environment: environment, registry: registry), failovers: failovers,
            drillMetrics: drillLog.metrics)
        daemon = Daemon(
            plan: plan, loader: loader, program: program, environment: environment, parts: parts, now: now,
            pid: getpid())
        drills = DrillRunner(
            hands: DrillActions(daemon: daemon), store: ContinuityStore(path: plan.continuityDatabase),
            recorder: recorder, place: DrillPlace(host: ProcessInfo.processInfo.hostName, version: Version.text),
            clock: ContinuousClock(), now: now, onEnd: drillLog.keep)
        await daemon.take(drills)
        for record in claims.closedDrills { drillLog.keep(record) }
        ProcessMetrics.collect(into: registry)
        EventStoreMetrics.collect(store, into: registry)
        BuildInfo(version: Version.text, revision: Version.revision).collect(into: registry)
    }

    /// Serves until SIGTERM or SIGINT, then ends everything in order.
    ///
    /// - Throws: `StartFailure` when the admin API cannot listen.
    func run() async throws {
        reportSwept()
        var logger = Logger(label: "stoker", factory: StreamLogHandler.standardError(label:))
        logger.logLevel = .warning
        // Ended from the last to the first: drills and processes while the API still answers, the store after all who
        // write to it.
        let services: [any Service] =
            [storeKeeper] + gpuReader + adminServers(logger: logger) + [gatewayTalk, hangUps, supervision, drilling]
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0, successTerminationBehavior: .ignore) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch let error as AdminServerError {
            throw StartFailure("\(error)")
        }
        await host.shutdown()
        withExtendedLifetime(claims) {}
    }

    /// Says what an earlier control plane left running; adopting it comes later.
    private func reportSwept() {
        guard !claims.swept.isEmpty else { return }
        parts.sink.record(
            Event(
                time: .now, severity: .warning, kind: .daemonSweptLeftover,
                message: "An earlier control plane had left \(claims.swept.count) running; ended in good order.",
                evidence: claims.swept))
    }

    private static func host(plan: Plan, program: String, listener: Descriptor) throws -> ShimProcessHost {
        let shim = program.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/stoker-shim"
        guard access(shim, X_OK) == 0 else {
            throw StartFailure("\(shim) is missing: stoker-shim must lie beside stoker; try: make release")
        }
        do {
            return try ShimProcessHost(
                runtimeDirectory: plan.runtimeDirectory,  // Gateways come and go; what they say is one log.
                logPath: { plan.logPath(of: ProcessPlan.publicName(of: $0)) }, shimProgram: shim,
                inherit: [
                    ProcessPlan.gatewayName: [InheritedDescriptor(number: listener.number, name: "gateway")]
                ])
        } catch {
            throw StartFailure("cannot watch processes: \(error)")
        }
    }
}
