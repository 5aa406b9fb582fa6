import StokerCore
import StokerHost
import StokerMetrics
import StokerSupervisor
import StokerTesting
import Synchronization

/// A supervisor on a stage: an obedient host that writes down what it is told, a prober that answers as scripted, and
/// virtual time in which every test plays.
final class SupervisorStage: ProcessHost, Prober {
    let executor = SimulationExecutor(seed: 1)
    let sink = RecordingSink()
    /// What the host was told, in order: `start engine 1`.
    let orders = Recorder()
    /// What it may do without being told: `grant engine 2`, `revoke engine`.
    let grants = Recorder()
    let events: AsyncStream<HostEvent>
    let report: AsyncStream<HostEvent>.Continuation
    private let answers = Mutex<[String: ProbeResult.Failure]>([:])
    private let deaf = Mutex<Set<String>>([])

    init() { (events, report) = AsyncStream.makeStream(of: HostEvent.self) }

    var clock: ManualClock { executor.clock }

    /// Lets `body` play with a supervisor that runs these processes, and ends it afterwards.
    func play<Result: Sendable>(
        _ plans: [ProcessPlan], metrics: SupervisorMetrics? = nil,
        _ body: @escaping @Sendable (Supervisor<ManualClock>, SupervisorStage) async throws -> Result
    ) throws -> Result {
        let outcome = try executor.run {
            let supervisor = Supervisor(
                host: self, prober: self, clock: self.clock,
                wallClock: { Timestamp(milliseconds: self.clock.now.offset.milliseconds) }, sink: self.sink, seed: 1,
                metrics: metrics, usage: { _ in [:] }, portHolder: { $0 == 9001 ? "nginx (pid 812)" : nil })
            return await withTaskGroup(of: Void.self) { group in
                group.addTask { await supervisor.run() }
                await supervisor.apply(plans)
                let outcome = await Outcome { try await body(supervisor, self) }
                await supervisor.shutdown()
                return outcome
            }
        }
        return try outcome.get()
    }

    /// Lets virtual time pass.
    func pass(_ duration: Duration) async { try? await clock.sleep(for: duration) }

    /// From now on the process fails its probes like that; nil: it passes them.
    func answer(_ process: String, _ failure: ProbeResult.Failure?) { answers.withLock { $0[process] = failure } }

    /// From now on the process does not mind SIGTERM.
    func deafen(_ process: String) { deaf.withLock { _ = $0.insert(process) } }

    func exit(_ process: String, _ generation: UInt64, _ status: ExitStatus, outOfMemory: Bool? = nil) {
        say(process, generation, .exited(status, evidence: ["peak 1GiB"], outOfMemory: outOfMemory))
    }

    func say(_ process: String, _ generation: UInt64, _ kind: HostEvent.Kind) {
        report.yield(HostEvent(process: process, generation: generation, kind: kind))
    }

    func start(_ process: ProcessPlan, generation: UInt64) {
        orders.add("start \(process.name) \(generation)")
        say(process.name, generation, .started(ProcessIdentity(pid: 100, startTime: generation, bootID: "boot")))
    }

    func terminate(_ process: String, generation: UInt64) {
        orders.add("terminate \(process) \(generation)")
        guard !deaf.withLock({ $0.contains(process) }) else { return }
        clock.schedule(after: .milliseconds(100)) { self.exit(process, generation, .signal(15, dumpedCore: false)) }
    }

    func kill(_ process: String, generation: UInt64) {
        orders.add("kill \(process) \(generation)")
        exit(process, generation, .signal(9, dumpedCore: false))
    }

    func grant(_ process: ProcessPlan, generation: UInt64) { grants.add("grant \(process.name) \(generation)") }

    func revoke(_ process: String) { grants.add("revoke \(process)") }

    func forget(_ process: String) { orders.add("forget \(process)") }

    func ask(_ target: ProbeTarget, of process: ProcessPlan, timeout: Duration) async -> ProbeResult {
        ProbeResult(failure: answers.withLock { $0[process.name] }, total: .milliseconds(2))
    }
}

/// `Result`, made by an async body.
private enum Outcome<Value: Sendable>: Sendable {
    case value(Value)
    case error(any Error)

    init(_ body: () async throws -> Value) async {
        do { self = .value(try await body()) } catch { self = .error(error) }
    }

    func get() throws -> Value {
        switch self {
        case .value(let value): value
        case .error(let error): throw error
        }
    }
}
