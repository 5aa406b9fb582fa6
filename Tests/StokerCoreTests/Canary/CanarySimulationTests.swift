import StokerCore
import Testing

/// The promises of docs/failover.md about canaries, kept in simulated runs; a failing one prints its seed.
@Suite struct CanarySimulationTests {
    static let seed: UInt64 = 20_261_126

    @Test func `one that fails 1 in 20 is rolled back within a minute at 10 requests a second`() {
        let simulation = CanarySimulation(canaryFailure: { _ in 0.05 })
        var random = SeededGenerator(seed: Self.seed)
        let times = (0..<300).map { _ in simulation.run(seconds: 58, random: &random).rolledBackAt ?? .max }.sorted()
        // Two seconds are left for the gateway's report, the look and the new table.
        let inTime = times.count { $0 <= 58 }
        print("canary at 5 %: in time \(inTime) of 300; median \(times[150]) s, 9 in 10 by \(times[270]) s")
        #expect(inTime >= 285, "seed \(Self.seed)")
    }

    struct Base: Sendable, CustomTestStringConvertible {
        var words: String
        var simulation: CanarySimulation
        var testDescription: String { words }
    }

    static let equals: [Base] = [
        Base(words: "neither ever fails", simulation: CanarySimulation()),
        Base(words: "both fail 1 in 1000", simulation: equal { _ in 0.001 }),
        Base(words: "both fail 1 in 100", simulation: equal { _ in 0.01 }),
        Base(words: "both fail 1 in 20", simulation: equal { _ in 0.05 }),
        Base(words: "both begin to fail 1 in 5 in the middle", simulation: equal { $0 > 60 ? 0.2 : 0 }),
        Base(words: "both fail now and then", simulation: equal { $0 % 40 < 5 ? 0.5 : 0.001 }),
    ]

    private static func equal(_ failure: @escaping @Sendable (Int) -> Double) -> CanarySimulation {
        CanarySimulation(stableFailure: failure, canaryFailure: failure)
    }

    @Test(arguments: equals)
    func `one as good as stable is rolled back in at most 1 of 100 runs`(base: Base) {
        var random = SeededGenerator(seed: Self.seed)
        let runs = Self.runs
        let rolledBack = (0..<runs).count { _ in
            base.simulation.run(seconds: 300, random: &random).rolledBackAt != nil
        }
        print("as good as stable, \(base.words): rolled back \(rolledBack) of \(runs)")
        #expect(rolledBack * 100 <= runs, "seed \(Self.seed)")
    }

    /// 10,000 take minutes without the optimiser: `swift test -c release` asks for all.
    private static var runs: Int {
        #if DEBUG
            100
        #else
            10_000
        #endif
    }

    @Test func `failures that become known late roll back at most 1 of 100 as good as stable`() {
        var simulation = Self.equal { _ in 0.03 }
        simulation.delay = 20
        #expect(share(of: 100, simulation) <= 0.01)
    }

    @Test func `a few clients of very different size roll back at most 1 of 100 as good as stable`() {
        var simulation = Self.equal { _ in 0.03 }
        simulation.clients = (1...40).map { 1 / Double($0) }
        #expect(share(of: 100, simulation) <= 0.01)
    }

    @Test func `one that is twice as slow is rolled back`() {
        let simulation = CanarySimulation(canaryTime: { 2 * CanarySimulation.usualTime($0) })
        #expect(share(of: 30, simulation) >= 0.95)
    }

    @Test func `one that is a fifth slower is rolled back in at most 1 of 100 runs`() {
        let simulation = CanarySimulation(canaryTime: { CanarySimulation.usualTime($0) * 6 / 5 })
        #expect(share(of: 100, simulation) <= 0.01)
    }

    @Test func `one as good as stable is promoted when its steps are over`() {
        var random = SeededGenerator(seed: Self.seed)
        let outcome = CanarySimulation().run(seconds: 300, random: &random)
        #expect(outcome.promotedAt == 241)
    }

    private func share(of runs: Int, _ simulation: CanarySimulation) -> Double {
        var random = SeededGenerator(seed: Self.seed)
        return Double(
            (0..<runs).count { _ in
                simulation.run(seconds: 300, random: &random).rolledBackAt != nil
            }) / Double(runs)
    }
}
