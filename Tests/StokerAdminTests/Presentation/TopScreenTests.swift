import StokerAdmin
import StokerCore
import Testing

@Suite struct TopScreenTests {
    private func history(_ requests: [FinishedRequest] = [], live: [LiveRequest] = [], inFlight: Int? = nil)
        -> TopHistory
    {
        var history = TopHistory()
        history.take(
            RequestPage(
                next: Int64(requests.count), requests: requests, live: live, inFlight: inFlight,
                backends: [
                    BackendStatus(name: "a", usable: true, inFlight: 2),
                    BackendStatus(name: "b", usable: false, inFlight: 0, lastError: "Connection refused"),
                ]))
        return history
    }

    /// A stack with something of everything.
    private var busy: TopHistory {
        history(
            [
                finished("0123456789abcdef", endedAgo: 70, took: 0.02, outcome: .refused, code: 503) {
                    $0.backend = nil
                    $0.attempts = 0
                    $0.errorCode = "no_backend"
                },
                finished("continued", endedAgo: 4, took: 3, ttft: 0.25, tokens: 100) {
                    $0.itlMeanSeconds = 0.0275
                    $0.itlMaxSeconds = 1.2
                    $0.inputTokens = 12
                    $0.attempts = 2
                    $0.seams = 1
                    $0.finishReason = "stop"
                },
                finished("broken", endedAgo: 0.2, took: 1, outcome: .brokenOff) { $0.errorCode = "backend_failed" },
            ],
            live: [
                running("waits", age: 65, phase: .waiting),
                running("streams", age: 4, ttft: 1, tokens: 90) { $0.silentSeconds = 1.5 },
            ])
    }

    private func text(_ history: TopHistory, _ style: TextStyle = TextStyle(), height: Int? = nil) -> String {
        TopScreen(history, now: screenTime, height: height).rendered(style)
    }

    @Test func `all is on one screen`() {
        #expect(
            text(busy) == """
                0.2 requests/s  2 in flight  19 tokens/s  50 % failed  TTFT p50 250 ms, p99 250 ms
                a up 2  b out: Connection refused 0

                RUNNING        AGE  MODEL  BACKEND  STATE      TTFT  TOKENS  TOK/S  SILENT
                waits    1 min 5 s  m      a        waiting
                streams        4 s  m      a        streaming   1 s      90     30   1.5 s

                FINISHED            AGO  MODEL  BACKEND  END            TTFT    ITL  MAX ITL  TOTAL  IN  OUT  TRIES  SEAMS  WHY
                broken              0 s  m      a        broken off                             1 s                         backend_failed
                continued           4 s  m      a        ok           250 ms  28 ms    1.2 s    3 s  12  100      2      1  stop
                0123456789abcdef  1 min  m               refused 503                          20 ms                         no_backend

                """)
    }

    @Test func `an idle gateway says so`() {
        #expect(
            text(TopHistory()) == """
                0 requests/s  0 in flight  0 tokens/s

                no request is running

                no request has finished

                """)
    }

    @Test func `a filter and an earlier moment are told above the figures they belong to`() {
        var screen = TopScreen(busy, now: screenTime, filter: "model m, failed", trouble: "no daemon answers at x")
        screen.height = 3
        let lines = screen.rendered(TextStyle()).split(separator: "\n")
        #expect(lines[0].hasSuffix("  only model m, failed"))
        #expect(lines[1] == "no daemon answers at x")
    }

    @Test(arguments: [30, 40, 60, 80, 100, 120, 200])
    func `a narrow terminal loses columns, the least needed first, and never a line's end`(width: Int) {
        let tables = text(busy, TextStyle(width: width)).split(separator: "\n").dropFirst(2)
        for line in tables { #expect(DisplayWidth.of(line) <= width, "\(line)") }
        #expect(tables.contains { $0.contains("STATE") } && tables.contains { $0.contains("broken off") })
        #expect(tables.contains { $0.contains("WHY") } == (width >= 127))
        #expect(tables.contains { $0.contains("AGO") })
    }

    @Test(arguments: [1, 2, 5, 8, 10, 12, 24, 50])
    func `never more lines than the terminal has`(height: Int) {
        let many = history((1...40).map { finished("f\($0)") }, live: (1...40).map { running("l\($0)") })
        #expect(text(many, height: height).split(separator: "\n", omittingEmptySubsequences: false).count - 1 <= height)
    }

    @Test func `running requests leave what they do not need to the finished, and the rest is counted`() {
        let many = history((1...40).map { finished("f\($0)") }, live: [running("l1"), running("l2")], inFlight: 7)
        let lines = text(many, height: 24).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count - 1 == 24)
        #expect(lines.contains("and 5 more"))
        #expect(lines.count { $0.hasPrefix("f") } == 14)
        #expect(lines.contains("and 26 more"))
    }

    @Test func `both tables get half when both are long`() {
        let many = history((1...40).map { finished("f\($0)") }, live: (1...40).map { running("l\($0)") })
        let lines = text(many, height: 30).split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("l") } == 11)
        #expect(lines.count { $0.hasPrefix("f") } == 11)
    }

    @Test func `no name or error steers the terminal`() {
        var page = busy.page
        page.live[0].model = "\u{1B}[2Jm"
        page.requests[0].errorCode = "\u{1B}c"
        page.backends[1].lastError = "\u{1B}[2J"
        page.backends[0].name = "\u{9B}2J"
        var history = TopHistory()
        history.take(page)
        let screen = TopScreen(history, now: screenTime, filter: "\u{1B}c", trouble: "\u{1B}c").rendered(TextStyle())
        #expect(!screen.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x9B })
    }

    @Test func `colour says nothing that words do not`() {
        let coloured = text(busy, TextStyle(isColoured: true))
        #expect(coloured.contains("\u{1B}[1;31mbroken off\u{1B}[0m"))
        #expect(coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "") == text(busy))
    }

    @Test(arguments: [
        (RequestOutcome.ok, "ok"), (.clientGone, "client gone"), (.brokenOff, "broken off"),
        (.slowReader, "slow reader"), (.backendError, "backend error 500"), (.refused, "refused 500"),
        (.failed, "failed 500"),
    ])
    func `each end has its words`(outcome: RequestOutcome, words: String) {
        #expect(text(history([finished(outcome: outcome, code: 500)])).contains(words))
    }

    @Test func `numbers that make no sense are shown as none`() {
        let odd = finished(took: 1) {
            $0.ttftSeconds = .nan
            $0.itlMaxSeconds = .infinity
            $0.itlMeanSeconds = -1
        }
        #expect(text(history([odd])).contains("ok"))
    }
}
