import StokerCore
import StokerLoad
import Testing

@Suite struct ExamTests {
    @Test func `no two exams have one name`() {
        let names = Exam.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: Exam.all.map(\.name))
    func `an exam fails when nothing was measured`(name: String) throws {
        let exam = try #require(Exam.all.first { $0.name == name })
        let findings = exam.check(ExamEvidence(tally: Tally(partLength: 1), ledger: ServerLedger()))
        #expect(findings.contains { !$0.isPassed })
    }

    @Test func `the plan asks the simulator for exactly what it was told to say`() throws {
        let exam = try #require(Exam.all.first { $0.name == "packing" })
        let plan = exam.plan(host: "127.0.0.1", port: 9)
        #expect(plan.target.port == 9 && plan.target.model == ExamServer.model && plan.target.isStreamed)
        guard case .synthetic(let prompts) = plan.workload.dataset else { return #expect(Bool(false), "made up") }
        #expect(prompts.outputTokens == .constant(exam.server.tokens))
    }

    @Test func `a fault travels in a header`() throws {
        let exam = try #require(Exam.all.first { $0.name == "fault: html" })
        let headers = exam.plan(host: "127.0.0.1", port: 9).target.headers
        #expect(headers == [LoadTarget.Header(name: "X-Simulator-Fault", value: "html")])
    }

    @Test func `every exam has an end`() {
        for exam in Exam.all {
            let stop = exam.load.stop
            #expect((stop.duration ?? .max) <= 30_000_000_000 && stop.grace <= 10_000_000_000)
        }
    }

    // Evidence

    @Test func `the simulator's pages are read`() throws {
        let state = """
            {"simulator":true,"requests":{"received":7,"in_flight":0,"most_in_flight":3,"waiting":0,"outcomes":{}},
            "tokens":{"prompt":112,"output":28},"events":28,"late_ns":{"p50":1,"p99":2,"most":3},"faults":[]}
            """
        let requests = #"{"requests":[{"id":2,"received_ns":900},{"id":1,"received_ns":500,"outcome":"stop"}]}"#
        let ledger = try ServerLedger(state: Array(state.utf8), requests: Array(requests.utf8))
        #expect(ledger.received == 7 && ledger.mostInFlight == 3 && ledger.outputTokens == 28)
        #expect(ledger.promptTokens == 112 && ledger.arrivals == [500, 900])
    }

    @Test(arguments: ["", "{}", "[]", #"{"requests":{}}"#])
    func `other pages are no evidence`(page: String) {
        #expect(throws: LoadError.self) { try ServerLedger(state: Array(page.utf8), requests: Array("{}".utf8)) }
    }

    // Results

    private let good = ExamResult(
        name: "plateau", findings: [ExamFinding("in flight", expected: "20", seen: "20", isPassed: true)])

    @Test func `a table of what was compared`() {
        let bad = ExamResult(
            name: "ledger",
            findings: [
                ExamFinding("requests", expected: "5", seen: "5", isPassed: true),
                ExamFinding("tokens", expected: "20", seen: "19", isPassed: false),
            ])
        #expect(
            ExamResult.text(of: [good, bad], TextStyle()) == """
                EXAM     WHAT       EXPECTED  SEEN
                plateau  in flight        20    20  ok
                ledger   requests          5     5  ok
                         tokens           20    19  FAIL

                1 of 2 exams failed.

                """)
    }

    @Test func `an exam that could not be held has failed`() {
        let text = ExamResult.text(of: [ExamResult(name: "x", obstacle: "no port")], TextStyle())
        #expect(text.contains("no port") && text.contains("FAIL") && text.contains("1 of 1 exams failed."))
    }

    @Test func `an exam without comparisons has failed`() {
        #expect(!ExamResult(name: "x").isPassed && good.isPassed)
    }

    @Test func `all good is said in a sentence`() {
        #expect(ExamResult.text(of: [good], TextStyle()).hasSuffix("All 1 exams passed.\n"))
    }
}
