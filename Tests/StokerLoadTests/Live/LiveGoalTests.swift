import StokerLoad
import Testing

@Suite struct LiveGoalTests {
    @Test(arguments: [
        (Arrival.users(UserArrival(stages: [Stage(duration: 0, level: 2000)])), "closed loop, 2,000 users"),
        (.users(UserArrival(stages: [Stage(duration: 0, level: 1)])), "closed loop, 1 user"),
        (.rate(RateArrival(stages: [Stage(duration: 0, level: 12)], spacing: .poisson)), "open loop, poisson 12.0/s"),
        (.rate(RateArrival(stages: [Stage(duration: 0, level: 250)], spacing: .constant)), "open loop, constant 250/s"),
        (
            .rate(RateArrival(stages: [Stage(duration: 0, level: 3)], spacing: .gamma(burstiness: 0.5))),
            "open loop, gamma 0.50, 3.0/s"
        ),
        (.trace([0, 5]), "replay of 2 requests"),
    ])
    func `the load in a few words`(arrival: Arrival, text: String) {
        #expect(LiveGoal(LiveStage.plan(arrival), target: "t").load == text)
    }

    @Test func `a replay ends with its last arrival`() {
        let goal = LiveGoal(LiveStage.plan(.trace([0, 8_000_000_000]), stop: StopRule()), target: "t")
        #expect(goal.duration == 8_000_000_000)
    }

    @Test func `whichever bound comes first is the progress`() {
        var figures = LiveFigures()
        figures.elapsed = 30
        figures.ok = 9
        let goal = LiveGoal(target: "t", load: "l", duration: 100, requests: 10)
        #expect(goal.progress(figures) == 0.9)
        #expect(LiveGoal(target: "t", load: "l").progress(figures) == nil)
    }

    @Test func `progress stays within its bar`() {
        var figures = LiveFigures()
        figures.elapsed = 500
        #expect(LiveGoal(target: "t", load: "l", duration: 100).progress(figures) == 1)
        #expect(LiveGoal(target: "t", load: "l", duration: 0).progress(figures) == 1)
    }
}
