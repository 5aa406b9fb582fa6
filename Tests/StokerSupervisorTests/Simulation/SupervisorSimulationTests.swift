import StokerTesting
import Testing

@Suite("The supervisor in simulation")
struct SupervisorSimulationTests {
    /// Seeds are tried in blocks, so that the two cores share them.
    @Test("keeps its promises whatever breaks", arguments: 0..<4)
    func keepsPromises(block: Int) {
        for seed in UInt64(block * 150)..<UInt64(block * 150 + 150) {
            let outcome = SupervisorSimulation(seed: seed).run()
            #expect(outcome.problems.isEmpty, "replay with seed \(seed)")
            if !outcome.problems.isEmpty { return }
        }
    }

    @Test("replays a seed choice by choice")
    func replays() {
        let (first, second) = (SupervisorSimulation(seed: 11).run(), SupervisorSimulation(seed: 11).run())
        #expect(first == second)
        #expect(first.trace != SupervisorSimulation(seed: 12).run().trace)
    }
}
