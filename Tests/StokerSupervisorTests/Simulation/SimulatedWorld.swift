import StokerCore
import StokerSupervisor
import StokerTesting
import Synchronization

/// A host full of processes that start slowly, crash, hang and ignore signals, as a seed says, on virtual time.
///
/// It watches over the supervisor while it plays: whatever one must never do to a host ends up in `violations`.
final class SimulatedWorld: ProcessHost, Prober, EventSink {
    /// One generation of one process, from the order to start it until its end was reported.
    struct Child {
        let plan: ProcessPlan
        let generation: UInt64
        var traits: Traits
        var isSpawned = false
        var spawnedAt = Duration.zero
        var terminatedAt: Duration?
        var isKilled = false
        var isOrphan = false
        /// What its shim may start in its place when it ends by itself.
        var successor: ProcessPlan?
        /// When the requests end that were in flight when it was to get no more.
        var lastRequests: [Duration] = []
        var drain: Drain?
    }

    /// How far a process on its way down has come with its requests.
    enum Drain {
        case draining(since: Duration)
        case drained
        case givenUp
    }

    /// What is wrong with a child; drawn at its start.
    struct Traits {
        var spawnDelay = Duration.milliseconds(5)
        var failsToSpawn = false
        /// nil: it lives until it is told to end.
        var lifetime: Duration?
        /// nil: it never gets ready.
        var loadTime: Duration? = .milliseconds(500)
        /// From when on it answers nothing.
        var hangsAfter: Duration?
        /// nil: it ignores SIGTERM.
        var terminationTime: Duration? = .milliseconds(50)
        var killTime = Duration.milliseconds(5)
    }

    struct State {
        var random: SeededGenerator
        /// Processes that crash again and again, as long as nothing is calm.
        var doomed: Set<String> = []
        var isCalm = false
        var children: [String: Child] = [:]
        var lastGeneration: [String: UInt64] = [:]
        var lastPID: Int32 = 100
        var questions: [String: Int] = [:]
        /// Processes of which somebody has said more than once that they are to end.
        var isHurried: Set<String> = []
        var violations: [String] = []
        /// How often a shim has started a successor by itself.
        var successions = 0
        var events: [Event] = []
        /// What the last event about each process was, and when.
        var lastEvent: [String: (kind: Event.Kind, at: Duration)] = [:]
    }

    let clock: ManualClock
    let events: AsyncStream<HostEvent>
    let report: AsyncStream<HostEvent>.Continuation
    let state: Mutex<State>

    init(clock: ManualClock, seed: UInt64) {
        self.clock = clock
        (events, report) = AsyncStream.makeStream(of: HostEvent.self)
        var random = SeededGenerator(seed: seed)
        let doomed = SimulatedPlans.all.map(\.name).filter { _ in random.chance(0.1) }
        state = Mutex(State(random: random, doomed: Set(doomed)))
    }

    var now: Duration { clock.now.offset }
    var violations: [String] { state.withLock { $0.violations } }
    var recorded: [Event] { state.withLock { $0.events } }
    /// Names of the processes that are alive or being started.
    var alive: [String] { state.withLock { $0.children.keys.sorted() } }

    /// From now on nothing breaks any more, and what is broken is mended.
    func calmDown() {
        state.withLock { state in
            state.isCalm = true
            for name in state.children.keys.sorted() {
                state.children[name]?.traits.hangsAfter = nil
                state.children[name]?.traits.loadTime = .milliseconds(500)
                state.children[name]?.traits.lifetime = nil
            }
        }
    }

    // MARK: the sink

    func record(_ event: Event) {
        let now = now
        state.withLock { state in
            state.events.append(event)
            guard let name = event.subject else { return }
            follow(event, of: name, &state)
            if event.kind == .processUndrained, state.lastEvent[name]?.kind == .processDraining {
                // It goes on after all.
                state.lastEvent[name] = (.processReady, now)
            }
            // It runs on as it was, as far as others are concerned.
            guard ![.processDrained, .processUndrained].contains(event.kind),
                event.kind != .processDraining || !event.message.contains("by order:")
            else { return }
            state.lastEvent[name] = (event.kind, now)
        }
    }

    // MARK: the host

    func start(_ process: ProcessPlan, generation: UInt64) {
        let name = process.name
        let delay = state.withLock { state in
            checkStart(of: process, generation, &state)
            state.lastGeneration[name] = generation
            return add(process, generation, &state).spawnDelay
        }
        clock.schedule(after: delay) { self.spawn(name, generation) }
    }

    func terminate(_ process: String, generation: UInt64) {
        let now = now
        let time: Duration? = state.withLock { state in
            guard var child = state.children[process], child.generation == generation, child.isSpawned else {
                return nil
            }
            checkDrain(of: child, &state)
            child.terminatedAt = child.terminatedAt ?? now
            child.successor = nil
            state.children[process] = child
            return child.traits.terminationTime
        }
        guard let time else { return }
        clock.schedule(after: time) { self.end(process, generation, .signal(15, dumpedCore: false)) }
    }

    func kill(_ process: String, generation: UInt64) {
        let now = now
        let time: Duration? = state.withLock { state in
            guard var child = state.children[process], child.generation == generation else { return nil }
            if let terminatedAt = child.terminatedAt, now - terminatedAt < child.plan.stop.grace {
                state.violations.append("\(process): SIGKILL \(now - terminatedAt) after SIGTERM")
            }
            if child.isSpawned, child.terminatedAt == nil {
                state.violations.append("\(process): SIGKILL before SIGTERM")
            }
            child.isKilled = true
            child.successor = nil
            state.children[process] = child
            return child.isSpawned ? child.traits.killTime : nil
        }
        guard let time else { return }
        clock.schedule(after: time) { self.end(process, generation, .signal(9, dumpedCore: false)) }
    }

    func grant(_ process: ProcessPlan, generation: UInt64) {
        state.withLock { state in
            guard var child = state.children[process.name], child.generation + 1 == generation else { return }
            if !child.isSpawned || child.terminatedAt != nil || child.isKilled {
                state.violations.append("\(process.name): a successor granted to one that ends or has not started")
            }
            child.successor = child.isOrphan ? nil : process
            state.children[process.name] = child
        }
    }

    func revoke(_ process: String) { state.withLock { $0.children[process]?.successor = nil } }

    func forget(_ process: String) {
        state.withLock { state in
            if state.children[process] != nil { state.violations.append("\(process): forgotten while it is alive") }
        }
    }

    // MARK: the prober

    func ask(_ target: ProbeTarget, of process: ProcessPlan, timeout: Duration) async -> ProbeResult {
        let key = "\(process.name) \(target.text) \(state.withLock { $0.children[process.name]?.generation ?? 0 })"
        note(question: key, 1)
        defer { note(question: key, -1) }
        let delay = state.withLock { state -> Duration in
            let hangs = isHanging(process.name, state)
            return hangs ? timeout : state.random.duration(below: .milliseconds(5))
        }
        try? await clock.sleep(for: delay)
        if delay == timeout { return ProbeResult(failure: .timeout(phase: "first byte"), total: timeout) }
        return ProbeResult(failure: answer(of: process), total: delay)
    }

    private func answer(of process: ProcessPlan) -> ProbeResult.Failure? {
        guard process.isManaged else {
            return state.withLock { !$0.isCalm && $0.random.chance(0.1) } ? .connect("refused") : nil
        }
        let now = now
        return state.withLock { state in
            guard let child = state.children[process.name], child.isSpawned else { return .connect("refused") }
            guard let loadTime = child.traits.loadTime, now - child.spawnedAt >= loadTime else { return .status(503) }
            return !state.isCalm && state.random.chance(0.03) ? .status(500) : nil
        }
    }

    private func isHanging(_ name: String, _ state: borrowing State) -> Bool {
        guard let child = state.children[name], let hangsAfter = child.traits.hangsAfter else { return false }
        return child.isSpawned && now - child.spawnedAt >= hangsAfter
    }

    private func note(question: String, _ change: Int) {
        state.withLock { state in
            state.questions[question, default: 0] += change
            if state.questions[question, default: 0] > 1 {
                state.violations.append("two questions at once: \(question)")
            }
        }
    }
}
