import StokerCore
import Testing

@Suite("The clock of failover")
struct FailoverClockTests {
    /// kill -9 of `a` at 1000 while it streams; `b` goes on; `a` is back at 3100.
    private static func kill(
        _ made: FailoverCase = FailoverCase(), reportsEvery period: Int64 = 500, phase: Int64 = 0
    ) -> FailoverCase {
        var made = made
        var next = 10 + phase
        func ask(_ made: inout FailoverCase, until time: Int64) {
            while next <= time {
                made.report(next)
                next += period
            }
        }
        ask(&made, until: 1000)
        made.note(.broken, "a", 1003, isOut: false, lastHeard: 1000, inFlight: 2, words: "cut")
        ask(&made, until: 1003)
        made.observe(.exited("a", words: "killed by SIGKILL"), 1004)
        made.route("a", isIn: false, 1005)
        ask(&made, until: 1005)
        made.note(.table, "a", 1006)
        ask(&made, until: 1020)
        made.book.served("m", by: "b", at: FailoverCase.at(1021))
        made.book.count(.continued, of: "m", from: "a")
        ask(&made, until: 1021)
        made.book.count(.retried, of: "m", from: "a")
        made.observe(.ready("a"), 3000)
        made.route("a", isIn: true, 3001)
        ask(&made, until: 3099)
        made.back("a", 3100)
        ask(&made, until: 6000)
        return made
    }

    @Test func `a killed backend is one record with all its parts`() throws {
        let made = Self.kill()
        let record = try #require(made.records.first)
        #expect(made.records.count == 1)
        #expect(made.clock.openCount == 0)
        #expect(record.model == "m")
        #expect(record.kind == .exit)
        #expect(record.origin == .lastByte)
        #expect(record.detectedSeconds == 0.003)
        #expect(record.decidedSeconds == 0.006)
        #expect(record.servedSeconds == 0.021)
        #expect(record.servedBy == "b")
        #expect(record.restoredSeconds == 2.1)
        #expect(record.counts == FailoverCounts(retried: 1, continued: 1))
        #expect(record.at == Timestamp(milliseconds: 1_001_003))
    }

    @Test func `its sentence is what a person wants to hear`() {
        #expect(
            Self.kill().records.map(\.sentence) == [
                "a lost (killed by SIGKILL), noticed after 3 ms, served by b after 21 ms, whole again after 2.1 s; "
                    + "0 requests lost, 1 continued, 1 retried"
            ])
    }

    @Test(arguments: [1, 2, 3, 7, 17, 100, 333, 500, 900], [0, 1, 5, 250, 444] as [Int64])
    func `when the gateway is asked changes nothing`(period: Int64, phase: Int64) {
        #expect(Self.kill(reportsEvery: period, phase: phase).records == Self.kill().records)
    }

    @Test func `a wall clock that jumps changes the label alone`() throws {
        var made = FailoverCase()
        made.observe(.exited("a", words: "killed by SIGKILL"), 1000)
        made.wallOffset = -3_600_000
        made.note(.table, "a", 1001)
        made.report(1100)
        made.back("a", 1200)
        made.wallOffset = 86_400_000
        made.reports(from: 1600, to: 3600)
        let record = try #require(made.records.first)
        #expect(record.detectedSeconds == 0)
        #expect(record.restoredSeconds == 0.2)
    }

    @Test func `an idle backend counts from its detection, not from what it said last`() throws {
        var made = FailoverCase()
        made.note(.connection, "a", 5000, lastHeard: 10, words: "refused")
        made.reports(from: 5100, to: 5200)
        made.back("a", 5300)
        made.reports(from: 5600, to: 8000)
        let record = try #require(made.records.first)
        #expect(record.origin == .detection)
        #expect(record.detectedSeconds == 0)
        #expect(record.servedSeconds == nil)
        #expect(record.restoredSeconds == 0.3)
        #expect(
            record.sentence == "a lost (refused), nobody asked meanwhile, whole again after 300 ms; 0 requests lost")
    }

    @Test(arguments: [
        (BackendLoss.Sign.connection, FailoverRecord.Kind.connection), (.frozen, .frozen), (.silent, .silent),
    ])
    func `the gateway's word is enough`(sign: BackendLoss.Sign, kind: FailoverRecord.Kind) {
        var made = FailoverCase()
        made.note(sign, "a", 1000)
        made.report(1100)
        made.back("a", 1200)
        made.reports(from: 1600, to: 4000)
        #expect(made.records.map(\.kind) == [kind])
    }

    @Test func `so is the supervisor's, when no gateway answers`() throws {
        var made = FailoverCase()
        made.observe(.exited("a", words: "exited with code 1"), 1000)
        made.observe(.ready("a"), 1800)
        for time in stride(from: Int64(1900), to: 4000, by: 500) { made.observe(.tick, time) }
        let record = try #require(made.records.first)
        #expect(record.kind == .exit)
        #expect(record.restoredSeconds == 0.8)
        #expect(record.decidedSeconds == nil)
        #expect(record.servedSeconds == nil)
    }

    @Test func `a broken stream alone is no failover`() {
        var made = FailoverCase()
        made.note(.broken, "a", 1000, isOut: false)
        made.reports(from: 1100, to: 20_000)
        #expect(made.records.isEmpty)
        #expect(made.clock.openCount == 0)
    }

    @Test func `what is stopped by order is no failover`() {
        var made = FailoverCase()
        made.observe(.stopping("a"), 1000)
        made.note(.connection, "a", 1001)
        made.observe(.exited("a", words: "exited with code 0"), 1002)
        made.route("a", isIn: false, 1003)
        made.reports(from: 1100, to: 5000)
        #expect(made.clock.openCount == 0)
        made.observe(.ready("a"), 6000)
        made.route("a", isIn: true, 6001)
        made.back("a", 6001)
        made.reports(from: 6100, to: 9000)
        #expect(made.records.isEmpty)
        made.observe(.exited("a", words: "killed by SIGSEGV"), 9500)
        #expect(made.clock.openCount == 1, "the next time it is one")
    }

    @Test func `what the table takes out without a reason is no failover`() {
        var made = FailoverCase()
        made.note(.table, "a", 1000)
        made.reports(from: 1100, to: 3000)
        #expect(made.clock.openCount == 0)
    }

    @Test func `an exit of a process that got no requests is missed by nobody`() {
        var made = FailoverCase()
        made.route("a", isIn: false, 900)
        made.observe(.exited("a", words: "exited with code 1"), 1000)
        made.observe(.exited("unknown", words: "exited with code 1"), 1000)
        #expect(made.clock.openCount == 0)
    }

    @Test func `a frozen backend that is restarted is one failover from the freeze to the end`() throws {
        var made = FailoverCase()
        made.note(.frozen, "a", 1000, lastHeard: 200, inFlight: 1, words: "it says nothing")
        made.report(1100)
        made.observe(.unready("a", words: "GET /health: no answer"), 2500)
        made.observe(.stopping("a"), 2600)
        made.observe(.ready("a"), 9000)
        made.back("a", 9010)
        made.reports(from: 9100, to: 12_000)
        let record = try #require(made.records.first)
        #expect(made.records.count == 1)
        #expect(record.kind == .frozen)
        #expect(record.detectedSeconds == 0.8)
        #expect(record.restoredSeconds == 8.81)
    }

    @Test func `an exit is the cause of what the gateway saw before it`() throws {
        var made = FailoverCase()
        made.note(.connection, "a", 1000, words: "refused")
        made.report(1001)
        made.observe(.exited("a", words: "killed by SIGKILL"), 1002)
        made.back("a", 1300)
        made.reports(from: 1400, to: 4000)
        #expect(made.records.flatMap(\.causes).map(\.words) == ["killed by SIGKILL"])
    }

    @Test func `of a crash loop each death that hits clients is a record`() {
        var made = FailoverCase()
        for round in 0..<3 as Range<Int64> {
            let start = 1000 + round * 1000
            made.observe(.exited("a", words: "killed by SIGSEGV"), start)
            made.note(.table, "a", start + 1)
            made.report(start + 100)
            made.observe(.ready("a"), start + 200)
            made.back("a", start + 201)
            made.report(start + 600)
        }
        made.reports(from: 4100, to: 8000)
        #expect(made.records.compactMap(\.restoredSeconds) == [0.201, 0.201, 0.201])
    }
}
