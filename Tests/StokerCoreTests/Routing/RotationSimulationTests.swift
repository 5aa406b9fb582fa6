import StokerCore
import Testing

@Suite struct RotationSimulationTests {
    /// Hours of virtual time for each seed.
    private static let hours = 40

    @Test(arguments: 0..<32 as Range<UInt64>)
    func `random faults on one to eight backends never break a promise`(seed: UInt64) {
        let count = Int(seed % 8) + 1
        var simulation = RotationSimulation(
            seed: seed, limits: (0..<count).map { $0 % 3 == 0 ? Int.max : 4 }, tiers: Self.tiers(count),
            script: { _, before, random in
                // Mostly well for minutes or hours; what is bad is so for a moment or for long.
                let span = [1, 1, 5, 20, 60, 300][Int(random.next() % 6)]
                let time = Duration.milliseconds(1 + Int64(random.next() % UInt64(span * 1000)))
                guard before == .well else { return (.well, time * (random.next() % 4 == 0 ? 1 : 40)) }
                return (random.next() % 3 == 0 ? .lying : .dead, time)
            },
            pause: { isLively, random in
                isLively
                    ? .milliseconds(500 + Int64(random.next() % 1000))
                    : .milliseconds(1000 + Int64(random.next() % 150_000))
            })
        simulation.run(for: .seconds(3600 * Self.hours))
        #expect(simulation.violations.prefix(3) == [], "seed \(seed)")
        #expect(simulation.mostTransitions <= 24, "seed \(seed)")
        #expect(simulation.served > 0)
    }

    private static func tiers(_ count: Int) -> [[Int]] {
        count < 4 ? [Array(0..<count)] : [Array(0..<count - 2), [count - 2, count - 1]]
    }

    @Test(arguments: [(1000, 1000), (500, 500), (1000, 3000), (3000, 1000), (2000, 2000), (5000, 5000), (15_000, 2000)])
    func `a flapping backend leaves and comes back a few times, and no request fails`(up: Int, down: Int) {
        for seed in 0..<2 as Range<UInt64> {
            var simulation = RotationSimulation(
                seed: seed, limits: [Int.max, Int.max], tiers: [[0, 1]],
                script: { backend, before, _ in
                    guard backend == 0 else { return (.well, .seconds(3600)) }
                    return before == .well ? (.dead, .milliseconds(down)) : (.well, .milliseconds(up))
                }, pause: { _, _ in .milliseconds(250) })
            simulation.run(for: .seconds(600))
            #expect(simulation.failed == 0)
            #expect(simulation.served >= 2390)
            let bound = up == 1000 && down == 1000 ? 8 : 16
            #expect(simulation.mostTransitions <= bound, "seed \(seed): \(simulation.mostTransitions)")
        }
    }

    @Test func `of three with one alive, the dead get nothing but questions`() {
        var simulation = RotationSimulation(
            seed: 1, limits: [Int.max, Int.max, Int.max], tiers: [[0, 1, 2]],
            script: { backend, _, _ in (backend == 0 ? .well : .dead, .seconds(3600)) },
            pause: { _, _ in .milliseconds(50) })
        simulation.run(for: .seconds(60))
        #expect(simulation.violations == [] && simulation.failed == 0)
        #expect(simulation.backends[1].transitions.count == 1 && simulation.backends[2].transitions.count == 1)
    }
}
