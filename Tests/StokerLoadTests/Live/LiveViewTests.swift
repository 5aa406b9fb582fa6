import StokerCore
import StokerLoad
import Testing

@Suite struct LiveViewTests {
    private func panel(_ snapshot: LoadSnapshot, goal: LiveGoal = LiveStage.goal, width: Int? = 80) -> String {
        LiveView(snapshot, before: LiveStage.earlier(snapshot, requests: 60), goal: goal)
            .panel(TextStyle(width: width)).joined(separator: "\n")
    }

    @Test func `a healthy run in full`() {
        #expect(
            panel(LiveStage.snapshot()) == """
                 deepseek-r1 @ http://gw:8080  open loop, poisson 12.0/s
                 ━━━━━━━━━━━━━━━━━━·········································  1:30 / 5:00  30 %
                 requests   in flight 41   sent 1,041   ok 1,000   bad 0
                 a second   sent 12.0   ok 12.0   output tokens 2,400

                                     p50         p90         p99         n
                 first token      120 ms      120 ms      120 ms     1,000
                 per token         20 ms       20 ms       20 ms     1,000
                 end to end       4.10 s      4.10 s      4.10 s     1,000
                 generator  send lag p99 0.40 ms   cpu 5 % of 2.0 cores
                """)
    }

    @Test func `errors by class, the most frequent first`() {
        let bad: [Outcome: Int] = [.rateLimited: 22, .streamError: 9, .dropped: 2, .censored: 5]
        let text = panel(LiveStage.snapshot(tally: LiveStage.tally(bad: bad)))
        #expect(text.contains("bad 31   dropped 2"))
        #expect(text.contains(" errors     rate-limited 22   error-in-stream 9   dropped 2\n"))
    }

    @Test func `equal counts of errors keep an order`() {
        let bad: [Outcome: Int] = [.reset: 3, .refused: 3, .unavailable: 3]
        let text = panel(LiveStage.snapshot(tally: LiveStage.tally(bad: bad)))
        #expect(text.contains("connection-refused 3   reset 3   unavailable 3"))
    }

    @Test func `percentiles wait for their sample, and say for how many`() {
        let text = panel(LiveStage.snapshot(tally: LiveStage.tally(ok: 70)))
        #expect(text.contains(" first token      120 ms      120 ms       n<662        70"))
        #expect(
            panel(LiveStage.snapshot(tally: LiveStage.tally(ok: 3))).contains("n<11        n<64       n<662         3"))
    }

    @Test func `before the first answer there is a panel too`() {
        let view = LiveView(
            LiveStage.snapshot(at: 0, inFlight: 0, tally: Tally(partLength: 1)), before: LiveFigures(),
            goal: LiveStage.goal)
        let text = view.panel(TextStyle()).joined(separator: "\n")
        #expect(text.contains("0:00 / 5:00  0 %") && text.contains("cpu 0 % of 0.0 cores"))
    }

    @Test func `a run until ctrl-C has no bar and says how it ends`() {
        let text = panel(LiveStage.snapshot(), goal: LiveGoal(target: "t", load: "l"))
        #expect(text.contains(" 1:30  ctrl-C ends it") && !text.contains("━"))
    }

    @Test func `a run by count shows the count`() {
        let text = panel(LiveStage.snapshot(), goal: LiveGoal(target: "t", load: "l", requests: 2000))
        #expect(text.contains("1:30 1,000 / 2,000  50 %"))
    }

    @Test func `the warm-up is marked, and its requests move the counts though they do not count`() {
        var tally = LiveStage.tally(ok: 0)
        tally.warmUp.sent = 12
        tally.warmUp.outcomes = [.ok: 10, .reset: 2]
        var goal = LiveStage.goal
        goal.warmUp = 100_000_000_000
        let text = panel(LiveStage.snapshot(inFlight: 3, tally: tally), goal: goal)
        #expect(text.contains("warm-up"))
        #expect(text.contains("sent 15   ok 10   bad 2") && text.contains("reset 2"))
    }

    @Test func `users are shown where there are some`() {
        #expect(panel(LiveStage.snapshot(users: 2000)).contains("in flight 41   users 2,000   sent"))
    }

    @Test func `an answer in one piece has no first token`() {
        var goal = LiveStage.goal
        goal.isStreamed = false
        let text = panel(LiveStage.snapshot(), goal: goal)
        #expect(text.contains("end to end") && !text.contains("first token") && !text.contains("per token"))
    }

    @Test(arguments: [40, 60, 80, 100, 200])
    func `no line is wider than the terminal`(width: Int) {
        var bad: [Outcome: Int] = [:]
        for outcome in Outcome.allCases where outcome.isBad { bad[outcome] = 1_000_000 }
        let snapshot = LiveStage.snapshot(inFlight: 123_456, users: 99_999, tally: LiveStage.tally(bad: bad))
        var goal = LiveStage.goal
        goal.target = String(repeating: "模型", count: 60)
        goal.warmUp = goal.duration ?? 0
        for line in panel(snapshot, goal: goal, width: width).split(separator: "\n") {
            #expect(DisplayWidth.of(line) <= width, "\(line)")
        }
    }

    @Test func `colour says nothing that words do not`() {
        let snapshot = LiveStage.snapshot(tally: LiveStage.tally(bad: [.reset: 1]))
        let view = LiveView(snapshot, before: LiveFigures(), goal: LiveStage.goal)
        let coloured = view.panel(TextStyle(isColoured: true, width: 80)).joined(separator: "\n")
        let plain = view.panel(TextStyle(width: 80)).joined(separator: "\n")
        #expect(coloured.contains("\u{1B}["))
        #expect(coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "") == plain)
    }

    @Test func `control characters of a name never reach the terminal`() {
        let text = panel(LiveStage.snapshot(), goal: LiveGoal(target: "m\u{1B}[2J", load: "l"))
        #expect(!text.contains("\u{1B}"))
    }

    @Test func `one line for a log`() {
        let snapshot = LiveStage.snapshot(tally: LiveStage.tally(bad: [.reset: 3, .dropped: 1]))
        let view = LiveView(snapshot, before: LiveStage.earlier(snapshot, requests: 60), goal: LiveStage.goal)
        let expected =
            "1:30  in flight 41  sent 1,045  ok 1,000  bad 4  12.0 req/s  2,400 tok/s  ttft p50 120 ms  p99 120 ms"
        #expect(view.line == expected)
    }

    @Test func `the line of a whole answer and of a warm-up`() {
        var goal = LiveStage.goal
        goal.isStreamed = false
        goal.warmUp = 95_000_000_000
        let view = LiveView(LiveStage.snapshot(), before: LiveFigures(), goal: goal)
        #expect(view.line.hasSuffix("e2e p50 4.10 s  p99 4.10 s  (warm-up)"))
    }
}
