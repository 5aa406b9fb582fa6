import StokerCore
import StokerSupervisor
import StokerTesting
import Synchronization

/// One run of the real supervisor against the simulated world: chaos, peace, shutdown.
struct SupervisorSimulation {
    /// What the run was like, for the tests of the simulation itself.
    struct Outcome: Equatable {
        var problems: [String]
        var trace: UInt64
        var jobs: Int
        var time: Duration
        var kinds: Set<Event.Kind>
        /// How often a shim started a successor by itself, and how often that crossed an order to stop.
        var successions: Int
        var crossings: Int
        /// Of each process in peace, before the shutdown.
        var finalStates: [ProcessStatus.State]
    }

    let seed: UInt64

    func run() -> Outcome {
        let executor = SimulationExecutor(seed: seed)
        let world = SimulatedWorld(clock: executor.clock, seed: seed &+ 1)
        var problems: [String] = []
        var states: [ProcessStatus.State] = []
        do {
            let result = try executor.run { [seed] in await Self.play(world, seed: seed) }
            problems = result.problems
            states = result.states
        } catch {
            problems = ["\(error)"]
        }
        problems += world.violations
        return world.state.withLock { state in
            Outcome(
                problems: problems, trace: executor.trace, jobs: executor.jobs, time: executor.clock.now.offset,
                kinds: Set(state.events.map(\.kind)), successions: state.successions,
                crossings: state.events.count { $0.message.contains("its shim had started it again") },
                finalStates: states)
        }
    }

    private static func play(_ world: SimulatedWorld, seed: UInt64) async -> (
        problems: [String], states: [ProcessStatus.State]
    ) {
        let supervisor = Supervisor(
            host: world, prober: world, clock: world.clock,
            wallClock: { Timestamp(milliseconds: world.now.milliseconds) }, sink: world, seed: seed &+ 2,
            usage: { _ in [:] }, portHolder: { _ in nil })
        var problems: [String] = []
        var states: [ProcessStatus.State] = []
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await supervisor.run() }
            group.addTask { await world.actAsGateway(for: supervisor) }
            var operators = Operators(supervisor: supervisor, world: world, random: SeededGenerator(seed: seed &+ 3))
            problems += await operators.raiseChaos()
            world.calmDown()
            try? await world.clock.sleep(for: .seconds(80))
            let statuses = await supervisor.statuses()
            states = statuses.map(\.state)
            problems += operators.unkeptPromises(statuses)
            problems += await supervisor.leaks()
            world.hurryAll()
            await supervisor.shutdown()
            problems += world.alive.map { "\($0) outlives the shutdown" }
            problems += await supervisor.statuses().filter { $0.state != .stopped }.map {
                "\($0.name) is \($0.state) at the end"
            }
            group.cancelAll()
        }
        return (problems, states)
    }
}

/// The people of the simulation: they give orders, edit the config and kill shims.
struct Operators {
    let supervisor: Supervisor<ManualClock>
    let world: SimulatedWorld
    var random: SeededGenerator
    private var plans = SimulatedPlans.all
    /// Whom a person has told to stay down last.
    private var stopped: Set<String> = ["by-hand"]
    /// Who may be out of rotation, because somebody has said so and nothing later undid it for certain.
    private var drained: Set<String> = []
    private var edits = 0

    init(supervisor: Supervisor<ManualClock>, world: SimulatedWorld, random: SeededGenerator) {
        self.supervisor = supervisor
        self.world = world
        self.random = random
        // The order of the file means nothing.
        plans.shuffle(using: &self.random)
    }

    mutating func raiseChaos() async -> [String] {
        var problems: [String] = []
        await supervisor.apply(plans)
        for _ in 0..<8 {
            try? await world.clock.sleep(for: random.duration(below: .seconds(20)))
            await actOnce()
            problems += await supervisor.leaks()
        }
        // Whoever was taken out of the plan comes back, so that peace is about all of them.
        await supervisor.apply(plans)
        return problems
    }

    /// What each process should have come to in peace, and has not.
    func unkeptPromises(_ statuses: [ProcessStatus]) -> [String] {
        let states = Dictionary(uniqueKeysWithValues: statuses.map { ($0.name, $0.state) })
        return plans.compactMap { plan in
            let state = states[plan.name]
            let expected: ProcessStatus.State = stopped.contains(plan.name) ? .stopped : .ready
            if state == expected || state == .failed && expected == .ready { return nil }
            if state == .draining, drained.contains(plan.name) { return nil }
            let isHeldUp = plan.startAfter.keys.contains { states[$0] != .ready }
            if state == .waiting, isHeldUp { return nil }
            return "\(plan.name) is \(state.map(\.rawValue) ?? "missing") in peace, not \(expected)"
        }
    }

    private mutating func actOnce() async {
        let plan = plans[Int.random(in: 0..<plans.count, using: &random)]
        switch random.next() % 15 {
        case 12: await drain(plan)
        case 13: await give(random.chance(0.5) ? .stopNow : .restartNow, plan)
        case 14:
            await give(.stop, plan)
            await give(random.chance(0.5) ? .start : .stop, plan)
        case 0...1: await give(.stop, plan)
        case 2...4: await give(.start, plan)
        case 5...6: await give(.restart, plan)
        case 7...8: await edit(plan.name)
        case 9: await takeOut(plan.name)
        case 10: world.loseShim(of: plan.name)
        default:
            // A death and an order that cross.
            world.crash(plan.name)
            await give(random.chance(0.5) ? .stop : .restart, plan)
        }
    }

    private mutating func drain(_ plan: ProcessPlan) async {
        let isUndone = random.chance(0.3)
        guard (try? await supervisor.order(isUndone ? .undrain : .drain, process: plan.name)) != nil else { return }
        if isUndone { drained.remove(plan.name) } else { drained.insert(plan.name) }
    }

    private mutating func give(_ order: ProcessOrder, _ plan: ProcessPlan) async {
        do {
            world.noteOrder(plan.name, isUrgent: order == .stopNow || order == .restartNow)
            try await supervisor.order(order, process: plan.name)
            if order == .stop || order == .stopNow { stopped.insert(plan.name) } else { stopped.remove(plan.name) }
        } catch {
            // An attached process is nobody's to order about, and one that was taken out is unknown.
        }
    }

    /// Changes something: a start-relevant part, a probe, or a time.
    private mutating func edit(_ name: String) async {
        guard let index = plans.firstIndex(where: { $0.name == name }) else { return }
        edits += 1
        switch random.next() % 3 {
        case 0: if plans[index].isManaged { plans[index].command = ["/opt/\(name)", "--edit", "\(edits)"] }
        case 1: plans[index].probes.readiness?.interval = .seconds(5 + edits % 10)
        default: plans[index].restart.initialDelay = .milliseconds(10 + edits)
        }
        await supervisor.apply(plans)
    }

    /// Takes a process out of the plan; the next edit brings it back, often while it is still on its way down.
    private mutating func takeOut(_ name: String) async {
        var rest = plans.filter { $0.name != name }
        // No valid config waits for somebody who is not in it.
        for index in rest.indices { rest[index].startAfter[name] = nil }
        await supervisor.apply(rest)
        if random.chance(0.5) {
            try? await world.clock.sleep(for: random.duration(below: .seconds(8)))
            await supervisor.apply(plans)
        }
        // Back in the plan it obeys the plan again.
        stopped.remove(name)
        if plans.first(where: { $0.name == name })?.autostart == false { stopped.insert(name) }
    }
}
