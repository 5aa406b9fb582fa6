import StokerCore
import Synchronization

/// Runs tasks, actors and task groups one job at a time in an order drawn from a seed, on virtual time.
///
/// Equal seeds give equal runs, so a seed is a bug report. When no job is ready, the clock jumps to the next deadline:
/// hours pass in milliseconds. The code under test gets its clock from here. Child tasks and default actors follow the
/// executor; an unstructured task does not, which is why the project bans those.
package final class SimulationExecutor: TaskExecutor {
    /// Why a simulation could not come to its end.
    package enum Failure: Error, Equatable {
        /// Every task waits, and no timer will wake one.
        case deadlock(at: Duration)
        /// More jobs than allowed: something spins.
        case endless(jobs: Int)
    }

    private struct State {
        var ready: [UnownedJob] = []
        var random: SeededGenerator
        var trace: UInt64 = 0xCBF2_9CE4_8422_2325
        var jobs = 0
    }

    /// The time in the simulation.
    package let clock = ManualClock()
    private let state: Mutex<State>

    package init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: seed))) }

    /// A fingerprint of every choice made so far and its time.
    package var trace: UInt64 { state.withLock { $0.trace } }
    /// How many jobs have run.
    package var jobs: Int { state.withLock { $0.jobs } }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// Runs `body` and everything that it starts until it returns.
    ///
    /// Blocks the calling thread, which does all the work. `afterEach` is called between two jobs: the place for
    /// invariants.
    package func run<Result: Sendable>(
        maxJobs: Int = 1_000_000, afterEach: () throws -> Void = {}, _ body: @escaping @Sendable () async -> Result
    ) throws -> Result {
        let answer = Slot<Result>()
        // The root of the simulated tree; it is bound to this executor, unlike a bare one.
        let root = Task(executorPreference: self) { answer.put(await body()) }
        defer { root.cancel() }
        while true {
            if let result = answer.take() { return result }
            if let job = pick() {
                job.runSynchronously(on: asUnownedTaskExecutor())
                try afterEach()
                if jobs > maxJobs { throw Failure.endless(jobs: jobs) }
            } else if !clock.advanceToNextAlarm() {
                throw Failure.deadlock(at: clock.now.offset)
            }
        }
    }

    /// Takes one of the ready jobs, whichever the seed says.
    private func pick() -> UnownedJob? {
        let now = clock.now.offset.components
        return state.withLock { state in
            guard !state.ready.isEmpty else { return nil }
            let index = Int.random(in: 0..<state.ready.count, using: &state.random)
            for part in [
                UInt64(index), UInt64(state.ready.count),
                UInt64(bitPattern: now.seconds &* 1_000_003 ^ now.attoseconds),
            ] {
                state.trace = (state.trace ^ part) &* 0x0000_0100_0000_01B3
            }
            state.jobs += 1
            return state.ready.remove(at: index)
        }
    }
}

/// Where the root task leaves its result for the thread that runs it.
private final class Slot<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func put(_ newValue: Value) { value.withLock { $0 = newValue } }
    func take() -> Value? { value.withLock { $0 } }
}
