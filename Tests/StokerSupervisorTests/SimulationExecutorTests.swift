import StokerCore
import StokerTesting
import Testing

@Suite("The simulation executor")
struct SimulationExecutorTests {
    private actor Counter {
        private(set) var order: [Int] = []
        func add(_ number: Int) { order.append(number) }
    }

    /// Ten tasks that race for one actor, some after a nap.
    private func race(seed: UInt64) throws -> (order: [Int], trace: UInt64, time: Duration) {
        let simulation = SimulationExecutor(seed: seed)
        let clock = simulation.clock
        let order = try simulation.run {
            let counter = Counter()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        try? await clock.sleep(for: .seconds(number % 3))
                        await counter.add(number)
                    }
                }
            }
            return await counter.order
        }
        return (order, simulation.trace, clock.now.offset)
    }

    @Test("runs equal seeds alike, choice by choice", arguments: [1, 2, 42] as [UInt64])
    func equalSeeds(seed: UInt64) throws {
        let (first, second) = (try race(seed: seed), try race(seed: seed))
        #expect(first.order == second.order)
        #expect(first.trace == second.trace)
    }

    @Test("runs other seeds in another order")
    func otherSeeds() throws {
        #expect(Set(try (1...8).map { try race(seed: $0).order }).count > 1)
    }

    @Test("lets time pass without waiting for it")
    func virtualTime() throws {
        let run = try race(seed: 7)
        #expect(run.time == .seconds(2))
        #expect(Set(run.order.suffix(3)) == [2, 5, 8])
    }

    @Test("tells a deadlock from the end")
    func deadlock() {
        let simulation = SimulationExecutor(seed: 1)
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        defer { continuation.finish() }
        #expect(throws: SimulationExecutor.Failure.deadlock(at: .zero)) {
            try simulation.run { for await _ in stream {} }
        }
    }

    @Test("stops what spins")
    func endless() {
        let simulation = SimulationExecutor(seed: 1)
        #expect(throws: SimulationExecutor.Failure.endless(jobs: 101)) {
            try simulation.run(maxJobs: 100) {
                while !Task.isCancelled { await Task.yield() }
            }
        }
    }

    @Test("shows every step to the invariants")
    func afterEach() throws {
        let simulation = SimulationExecutor(seed: 3)
        var steps = 0
        try simulation.run(afterEach: { steps += 1 }) { for _ in 0..<5 { await Task.yield() } }
        #expect(steps == simulation.jobs)
        #expect(steps >= 5)
    }
}
