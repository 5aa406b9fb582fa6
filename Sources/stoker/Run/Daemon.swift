import StokerConfig
import StokerContinuity
import StokerCore
import StokerHost
import StokerMetrics
import StokerStore
import StokerSupervisor

/// The running control plane: owns the plan in force and joins supervisor, gateway and store.
///
/// It decides nothing by itself. What processes do is the supervisor's, what the gateway should know follows from
/// `RoutingTable.init(plan:statuses:…)`, and whether a new plan may be applied from `PlanDifference`.
actor Daemon: ControlPlane {
    private let loader: PlanLoader
    private var succession: GatewaySuccession
    private let program: String
    private let environment: [String: String]
    private let supervisor: Supervisor<ContinuousClock>
    let link: GatewayLink
    private let keeper: StandbyKeeper
    let store: EventStore
    private let gpus: GPUMonitor?
    let sink: any EventSink
    private let instruments: DaemonMetrics
    let canaryMetrics: CanaryMetrics
    private let failovers: FailoverLog
    private let drillMetrics: DrillMetrics
    let now: @Sendable () -> Timestamp
    private let startedAt: Timestamp
    /// For decisions about elapsed time.
    let startedAtInstant = ContinuousClock.now
    private let pid: Int32
    private var plan: Plan
    /// What the supervisor last announced; the table follows from it and the plan.
    private var statuses: [ProcessStatus] = []
    private(set) var table: RoutingTable
    /// The canaries of all models.
    var desk: CanaryDesk
    private var rejected: String?
    private var stopping = false
    /// Kept out of the table by a drill.
    private var held: Set<String> = []
    private var drills: DrillRunner<ContinuousClock>?

    var isStopping: Bool { stopping }

    init(
        plan: Plan, loader: PlanLoader, program: String, environment: [String: String], parts: DaemonParts,
        now: @escaping @Sendable () -> Timestamp, pid: Int32
    ) {
        self.plan = plan
        self.loader = loader
        self.program = program
        self.environment = environment
        succession = GatewaySuccession(.init(plan: plan, program: program, environment: environment))
        table = parts.table
        supervisor = parts.supervisor
        link = parts.link
        keeper = parts.keeper
        store = parts.store
        gpus = parts.gpus
        sink = parts.sink
        instruments = parts.instruments
        desk = parts.desk
        canaryMetrics = parts.canaryMetrics
        failovers = parts.failovers
        drillMetrics = parts.drillMetrics
        self.now = now
        startedAt = now()
        self.pid = pid
    }

    /// Takes the first plan into force and follows the supervisor until it has ended.
    func run() async {
        record(.daemonStarted, "Control plane started.", evidence: ["config \(loader.path), digest \(plan.digest)"])
        instruments.configAccepted(digest: plan.digest, at: now())
        follow()
        // What an earlier control plane left may have left the config meanwhile.
        await planCanaries(plan.models)
        await supervisor.apply(wanted)
        for await announced in await supervisor.changes {
            statuses = announced
            await publish()
            await perform(succession.handle(.seen(announced)))
            await followGateways()
        }
    }

    /// Ends everything in order: first the gateway, which lets its requests finish while the engines still live.
    func stop() async {
        guard !stopping else { return }
        stopping = true
        record(.daemonStopping, "Control plane is stopping: gateway first, then engines.")
        await keeper.rest()
        await link.expectEnd()
        await perform(succession.handle(.ending))
        await stopGateways()
        await supervisor.shutdown()
    }

    // MARK: ControlPlane

    func status() async -> StatusReport {
        let gateway = await link.latest
        let traffic = await link.traffic
        let statuses = await keeper.annotated(supervisor.statuses()).map { shown($0, traffic) }
        return StatusReport(
            version: Version.text, pid: pid, startedAt: startedAt, now: now(), config: loader.path,
            configDigest: plan.digest, configError: rejected, gatewayListen: plan.gateway.listen.text,
            gatewayTLS: plan.gateway.tls != nil, adminListen: plan.adminListen?.text, processes: statuses,
            models: plan.models.map { ModelStatus(model: $0, table: table, gateway: gateway) }, gpus: gpus?.report())
    }

    /// The names of the running processes, by number.
    var namesByPID: [Int32: String] {
        Dictionary(statuses.compactMap { status in status.pid.map { ($0, status.name) } }) { first, _ in first }
    }

    func events(_ query: EventQuery) async throws -> [Event] { try await store.events(query) }

    func requests(_ query: RequestQuery) async throws(ControlError) -> RequestPage { try await link.requests(query) }

    func order(_ order: ProcessOrder, process: String) async throws(ControlError) {
        guard !stopping else { throw .shuttingDown }
        let name = succession.process(named: process)
        if name == succession.name {
            if order == .restart { return try await replaceGateway() }
            // Whoever wants it down, or anew at once, does not want another one to come.
            if order != .start { await perform(succession.handle(.ending)) }
        }
        if order == .drain { try await checkDrain(of: name) }
        try await supervisor.order(order, process: name)
    }

    /// A new one is started first; if the present one is down, that is simply a start.
    private func replaceGateway() async throws(ControlError) {
        guard succession.hasRoom else {
            throw ControlError(
                code: .busy, message: "no further gateway can be started: \(GatewaySuccession.crowded)",
                hint: "wait for their streams, or end the oldest with kill -TERM")
        }
        await perform(succession.handle(.replace))
    }

    /// Another backend may be on its way back, just undrained, and that takes a moment to be known: nobody is refused
    /// before two seconds have passed.
    private func checkDrain(of name: String) async throws(ControlError) {
        var models = await modelsServed(onlyBy: name)
        for _ in 0..<10 where !models.isEmpty {
            try? await ContinuousClock().sleep(for: .milliseconds(200))
            models = await modelsServed(onlyBy: name)
        }
        guard let model = models.first else { return }
        throw ControlError(
            code: .lastBackend, message: "\(name) is the last backend in rotation of \(models.joined(separator: ", "))",
            hint: "stoker drain \(name) --force, and \(model) gets 503 until it is back")
    }

    private func modelsServed(onlyBy name: String) async -> [String] {
        let usable = await link.latest.map { Set($0.backends.filter(\.usable).map(\.name)) }
        return table.models(servedOnlyBy: name, usable: usable)
    }

    func reload() async throws(ControlError) {
        guard !stopping else { throw .shuttingDown }
        let next: Plan
        do {
            next = try loader.load()
        } catch {
            throw reject(error.lines)
        }
        let difference = PlanDifference(from: plan, to: next)
        if let refusal = difference.refusal {
            throw reject(["\(loader.path): \(refusal.message)"], hint: refusal.hint)
        }
        instruments.configAccepted(digest: next.digest, at: now())
        plan = next
        follow()
        rejected = nil
        let effects = succession.handle(
            .revised(.init(plan: next, program: program, environment: environment)))
        record(.configLoaded, "New config in force.", evidence: difference.lines)
        await planCanaries(next.models)
        // Also when the plan is the same: the certificate may have changed, and who reloads wants it in force now.
        await publish(evenIfSame: plan.gateway.tls != nil)
        await keeper.take(next)
        await perform(effects)
        await supervisor.apply(wanted)
    }

    // MARK: Drills

    /// Says who does them.
    func take(_ drills: DrillRunner<ContinuousClock>) { self.drills = drills }

    func drill(_ request: DrillRequest) async throws(ControlError) -> DrillAnswer {
        guard !stopping, let drills else { throw .shuttingDown }
        return try await drills.answer(request)
    }

    /// How things stand, for a drill.
    func surroundings() async -> DrillSurroundings {
        let gateway = await link.latest
        return DrillSurroundings(
            table: table, usable: gateway.map { Set($0.backends.filter(\.usable).map(\.name)) },
            processes: await supervisor.statuses(), policy: plan.drills, configDigest: plan.digest)
    }

    /// Keeps these out of the table from now on, and only these.
    func hold(_ backends: Set<String>) async {
        held = backends
        await publish()
    }

    // MARK: Inside

    /// The configured processes, and the gateway beside them.
    private var wanted: [ProcessPlan] { succession.wanted + plan.processes }

    /// Numbers the table before the first `await`, so that of two the newer wins whichever arrives first.
    func publish(evenIfSame: Bool = false) async {
        var next = RoutingTable(
            plan: plan, statuses: statuses, splits: desk.splits, version: table.version, epoch: table.epoch)
        next.take(out: held, "taken out by a drill")
        guard next != table || evenIfSame else { return }
        next.version += 1
        table = next
        await link.want(next)
    }

    /// Metrics that depend on the plan.
    private func follow() {
        failovers.follow(plan.models)
        drillMetrics.follow(plan.drills)
    }

    /// Carries out what the replacement of the gateway asks for.
    private func perform(_ effects: [GatewaySuccession.Effect]) async {
        for effect in effects {
            switch effect {
            case .apply: await supervisor.apply(wanted)
            case .record(let kind, let severity, let message, let evidence):
                sink.record(
                    Event(
                        time: now(), severity: severity, kind: kind, subject: ProcessPlan.gatewayName,
                        message: message, evidence: evidence))
            }
        }
    }

    /// Tells the link whom to speak with.
    private func followGateways() async {
        let seats = Dictionary(
            (1...ProcessPlan.mostGateways).map { (ProcessPlan.gatewayName(seat: $0), $0) },
            uniquingKeysWith: { first, _ in first })
        let gateways = statuses.filter { $0.kind == .gateway && $0.name != succession.name }
        await link.follow(
            serving: succession.seat, all: Set(gateways.compactMap { seats[$0.name] }),
            leaving: Set(gateways.filter { $0.state == .draining }.compactMap { seats[$0.name] }))
    }

    /// A process as people see it.
    private func shown(_ status: ProcessStatus, _ traffic: GatewayTraffic) -> ProcessStatus {
        var status = status
        if status.state == .draining { status.inFlight = traffic.inFlight(at: status.name) }
        if status.name == succession.name { status.failure = succession.failure }
        status.name = succession.publicName(of: status.name)
        return status
    }

    private func stopGateways() async {
        let changes = await supervisor.changes
        await supervisor.endLeavers()
        // Refused only when it is not there, and then there is nothing to wait for.
        guard (try? await supervisor.order(.stop, process: succession.name)) != nil else { return }
        guard await !supervisor.statuses().gatewayIsDown else { return }
        for await statuses in changes where statuses.gatewayIsDown { return }
    }

    private func reject(_ lines: [String], hint: String = "stoker check") -> ControlError {
        rejected = lines.first
        instruments.configRejected()
        record(
            .configRejected, severity: .error, "The config was refused; the old one stays in force.", evidence: lines)
        return ControlError(code: .badConfig, message: lines.joined(separator: "\n"), hint: hint)
    }

    private func record(
        _ kind: Event.Kind, severity: Event.Severity = .info, _ message: String, evidence: [String] = []
    ) {
        sink.record(Event(time: now(), severity: severity, kind: kind, message: message, evidence: evidence))
    }
}

/// What the daemon is joined from.
struct DaemonParts {
    /// The empty first table: its epoch tells this control plane's tables from an earlier one's.
    let table: RoutingTable
    let supervisor: Supervisor<ContinuousClock>
    let link: GatewayLink
    let keeper: StandbyKeeper
    let store: EventStore
    let sink: any EventSink
    let instruments: DaemonMetrics
    /// With what an earlier control plane has left.
    let desk: CanaryDesk
    let canaryMetrics: CanaryMetrics
    /// nil on a machine without any.
    let gpus: GPUMonitor?
    let failovers: FailoverLog
    let drillMetrics: DrillMetrics
}

extension PlanDifference {
    /// What a reload does, one line a kind of change, for the event.
    fileprivate var lines: [String] {
        let named = [("added", added), ("removed", removed), ("restarted", restarted), ("updated in place", updated)]
        let changes = named.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))" }
        return changes + (replacesGateway ? ["a new gateway takes over"] : [])
            + (changesRouting ? ["routing changed"] : []) + (isEmpty ? ["nothing changed"] : [])
    }
}

extension [ProcessStatus] {
    fileprivate var gatewayIsDown: Bool {
        allSatisfy { $0.kind != .gateway || $0.state == .stopped || $0.state == .failed }
    }
}

extension ControlError {
    /// The daemon takes no more orders.
    static var shuttingDown: ControlError {
        ControlError(code: .shuttingDown, message: "The control plane is shutting down.")
    }
}
