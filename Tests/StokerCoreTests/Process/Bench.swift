import StokerCore

/// A machine on the bench: waits come due as the bench passes time, and what the machine asks for is written down.
struct Bench {
    typealias Effect = ProcessMachine.Effect

    private(set) var machine: ProcessMachine
    private(set) var now = Duration.zero
    /// Starts, SIGTERMs and SIGKILLs in order: `start 1`, `terminate 1`, `kill 1`.
    private(set) var actions: [String] = []
    private(set) var records: [(severity: Event.Severity, kind: Event.Kind, message: String, evidence: [String])] = []
    private(set) var restarts: [RestartReason] = []
    /// The generation that the host may start by itself.
    private(set) var granted: UInt64?
    /// Generations that were started and whose end was not reported.
    private var alive: Set<UInt64> = []
    /// The most that ever lived at once.
    private(set) var mostAlive = 0
    /// Waits that are set, in the order they were.
    private(set) var waits: [(ticket: Ticket, deadline: Duration)] = []
    /// Questions without an answer.
    private(set) var questions: [(kind: ProbeKind, ticket: Ticket)] = []

    init(_ plan: ProcessPlan, seed: UInt64 = 1) { machine = ProcessMachine(plan, seed: seed) }

    var state: ProcessStatus.State { machine.report.state }
    var reason: String { machine.reason }
    var kinds: [Event.Kind] { records.map(\.kind) }
    var generation: UInt64 { machine.generation }

    @discardableResult
    mutating func tell(_ event: ProcessMachine.Event) -> [Effect] {
        switch event {
        case .exited(let generation, _), .startFailed(let generation, _):
            alive.remove(generation)
            granted = nil
        case .succeeded(let generation, _):
            granted = nil
            alive.remove(generation)
            alive.insert(generation + 1)
        default: break
        }
        let effects = machine.handle(event, at: now)
        for effect in effects { write(effect) }
        return effects
    }

    /// Lets time pass, step by step from one wait to the next.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let next = waits.min(by: { $0.deadline < $1.deadline }), next.deadline <= end {
            now = max(now, next.deadline)
            waits.removeAll { $0.ticket == next.ticket }
            tell(.elapsed(next.ticket))
        }
        now = end
    }

    /// Answers the question of that kind; nothing happens when it was not asked.
    mutating func answer(_ kind: ProbeKind, _ failure: ProbeResult.Failure? = nil) {
        guard let index = questions.firstIndex(where: { $0.kind == kind }) else { return }
        let question = questions.remove(at: index)
        tell(.answered(question.ticket, ProbeResult(failure: failure, total: .milliseconds(3))))
    }

    /// Answers as often as it is asked until that time has passed.
    mutating func pass(_ duration: Duration, answering kind: ProbeKind, _ failure: ProbeResult.Failure? = nil) {
        let end = now + duration
        while now < end {
            answer(kind, failure)
            pass(.milliseconds(10))
        }
    }

    mutating func started() { tell(.started(generation, Self.identity)) }
    mutating func exited(_ status: ExitStatus = .code(1)) { tell(.exited(generation, ProcessExit(status))) }
    mutating func succeeded(_ status: ExitStatus = .code(1)) { tell(.succeeded(generation, ProcessExit(status))) }

    static let identity = ProcessIdentity(pid: 4711, startTime: 99, bootID: "boot")

    private mutating func write(_ effect: Effect) {
        switch effect {
        case .start(let generation):
            actions.append("start \(generation)")
            alive.insert(generation)
            mostAlive = max(mostAlive, alive.count)
        case .terminate(let generation):
            actions.append("terminate \(generation)")
            granted = nil
        case .kill(let generation):
            actions.append("kill \(generation)")
            granted = nil
        case .grant(let generation): granted = generation
        case .revoke: granted = nil
        case .wait(let duration, let ticket): waits.append((ticket, now + duration))
        case .ask(let kind, _, let ticket): questions.append((kind, ticket))
        case .drop(let ticket):
            waits.removeAll { $0.ticket == ticket }
            questions.removeAll { $0.ticket == ticket }
        case .record(let severity, let kind, let message, let evidence):
            records.append((severity, kind, message, evidence))
        case .count(let reason): restarts.append(reason)
        case .announce: break
        }
    }
}

extension Bench {
    /// A machine whose process has been started.
    static func started(_ plan: ProcessPlan = .plain) -> Bench {
        var bench = Bench(plan)
        bench.tell(.begin)
        bench.started()
        return bench
    }

    /// A machine whose process is ready, by its probes if it has any.
    static func ready(_ plan: ProcessPlan = .probed) -> Bench {
        var bench = started(plan)
        bench.pass(.milliseconds(100))
        bench.answer(.startup)
        bench.answer(.readiness)
        return bench
    }

    /// A machine in each state that a machine can be in.
    static func inEachState() -> [(name: String, bench: Bench)] {
        var waiting = Bench(.plain)
        waiting.tell(.blocked(by: ["knowledge is not ready"]))
        waiting.tell(.begin)
        var ordered = Bench(.probed)
        ordered.tell(.begin)
        var stopping = Bench.ready()
        stopping.tell(.order(.stop))
        var killing = stopping
        killing.pass(.seconds(31))
        var restarting = Bench.ready()
        restarting.tell(.order(.restart))
        var backoff = Bench.started()
        backoff.exited()
        backoff.exited()
        var failed = Bench.started(.impatient)
        failed.exited()
        failed.exited()
        var unready = Bench.ready()
        unready.pass(.seconds(4), answering: .readiness, .status(503))
        var watching = Bench(.attached)
        watching.tell(.begin)
        var draining = Bench.ready(.serving)
        draining.tell(.order(.stop))
        var heldBack = Bench.ready(.serving)
        heldBack.tell(.order(.drain))
        return [
            ("stopped", Bench(.plain)), ("waiting", waiting), ("being started", ordered),
            ("starting", .started(.probed)),
            ("ready", .ready()), ("unready", unready), ("stopping", stopping), ("being killed", killing),
            ("restarting", restarting), ("backoff", backoff), ("failed", failed), ("watching", watching),
            ("draining", draining), ("drained by order", heldBack),
        ]
    }
}

extension ProcessPlan {
    /// No probes: running is ready.
    static let plain = ProcessPlan(name: "engine", kind: .other, command: ["/opt/engine"])

    /// Startup and readiness ask the same, liveness something else.
    static var probed: ProcessPlan {
        var plan = plain
        plan.probes.startup = .of("http://engine/health")
        plan.probes.readiness = .of("http://engine/health")
        plan.probes.liveness = .of("http://engine/alive")
        plan.probes.startTimeout = .seconds(20)
        return plan
    }

    /// Gets requests from the gateway.
    static var serving: ProcessPlan {
        var plan = probed
        plan.kind = .inference
        plan.endpoint = BackendAddress(host: "127.0.0.1", port: 9001)
        return plan
    }

    /// Two starts are a crash loop.
    static var impatient: ProcessPlan {
        var plan = plain
        plan.restart.giveUpStarts = 2
        return plan
    }

    /// Somebody else's.
    static var attached: ProcessPlan {
        var plan = plain
        plan.command = nil
        plan.probes.readiness = .of("http://elsewhere/health")
        return plan
    }
}

extension ProbePlan {
    static func of(_ url: String) -> ProbePlan { ProbePlan(target: .http(url: url)) }
}
