import StokerCore
import StokerHost
import StokerTesting
import Testing

@Suite("The supervisor in simulation")
struct SupervisorSimulationTests {
    typealias Outcome = SupervisorSimulation.Outcome

    /// What a block of seeds came to.
    struct Summary {
        /// The first seed that broke a promise, and how; replay it with `SupervisorSimulation(seed:)`.
        var failure: (seed: UInt64, problems: [String])?
        var kinds: Set<Event.Kind> = []
        var states: Set<ProcessStatus.State> = []
        var successions = 0
        var crossings = 0
    }

    /// A thread of its own for each block: the pool's are for the tests that must not wait.
    @Test("keeps its promises whatever breaks", arguments: [0, 300] as [UInt64])
    func keepsPromises(first: UInt64) async {
        let summary = await OwnThread.run { Self.tryAll(first..<first + 300) }
        if let (seed, problems) = summary.failure {
            Issue.record("replay with seed \(seed): \(problems.joined(separator: "; "))")
        }
        // The chaos was worth its name: everything happened that can happen to a process, and peace came in every form.
        let possible = Event.Kind.allCases.filter { $0.rawValue.hasPrefix("process.") || $0 == .shimLost }
        #expect(summary.kinds == Set(possible))
        #expect(summary.successions > 300)
        #expect(summary.crossings > 20)
        #expect(summary.states == [.ready, .stopped, .failed, .waiting, .draining])
    }

    @Test("replays a seed choice by choice")
    func replays() async {
        let (first, second, other) = await OwnThread.run {
            (
                SupervisorSimulation(seed: 11).run(), SupervisorSimulation(seed: 11).run(),
                SupervisorSimulation(seed: 12).run()
            )
        }
        #expect(first == second)
        #expect(first.trace != other.trace)
    }

    private static func tryAll(_ seeds: Range<UInt64>) -> Summary {
        var summary = Summary()
        for seed in seeds {
            let outcome = SupervisorSimulation(seed: seed).run()
            summary.kinds.formUnion(outcome.kinds)
            summary.states.formUnion(outcome.finalStates)
            summary.successions += outcome.successions
            summary.crossings += outcome.crossings
            if !outcome.problems.isEmpty {
                summary.failure = (seed, outcome.problems)
                break
            }
        }
        return summary
    }
}
