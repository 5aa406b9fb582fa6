import StokerCore
import Testing

@Suite("Several failovers, and those that do not end well")
struct FailoverGroupTests {
    private var made = FailoverCase(["m": ["a", "b", "c"]])

    private mutating func kill(_ name: String, _ time: Int64) {
        made.observe(.exited(name, words: "killed by SIGKILL"), time)
        made.note(.table, name, time + 1)
    }

    @Test mutating func `two backends within two seconds are one record with two causes`() throws {
        kill("a", 1000)
        kill("b", 2900)
        made.book.served("m", by: "c", at: FailoverCase.at(2950))
        made.report(3000)
        made.back("a", 4000)
        made.report(4100)
        #expect(made.records.isEmpty)
        made.back("b", 5000)
        made.reports(from: 5100, to: 8000)
        let record = try #require(made.records.first)
        #expect(made.records.count == 1)
        #expect(record.causes.map(\.backend) == ["a", "b"])
        #expect(record.servedSeconds == 1.95)
        #expect(record.restoredSeconds == 4)
    }

    @Test mutating func `further apart they are two`() {
        kill("a", 1000)
        kill("b", 3100)
        made.report(3200)
        made.back("a", 9000)
        made.back("b", 9000)
        made.reports(from: 9100, to: 12_000)
        #expect(made.records.map { $0.causes.map(\.backend) } == [["a"], ["b"]])
        #expect(made.records.compactMap(\.restoredSeconds) == [8, 5.9])
    }

    @Test func `two models of one backend are two records`() {
        var made = FailoverCase(["m": ["a", "b"], "n": ["a", "c"]])
        made.observe(.exited("a", words: "killed by SIGKILL"), 1000)
        made.note(.table, "a", 1001)
        made.book.served("m", by: "b", at: FailoverCase.at(1010))
        made.book.served("n", by: "c", at: FailoverCase.at(1050))
        made.back("a", 2000)
        made.reports(from: 2100, to: 5000)
        #expect(
            Set(made.records.map { "\($0.model) \($0.servedBy ?? "") \($0.servedSeconds ?? 0)" })
                == ["m b 0.01", "n c 0.05"])
    }

    @Test mutating func `failovers of two models do not mix`() {
        var made = FailoverCase(["m": ["a"], "n": ["b"]])
        made.observe(.exited("a", words: "x"), 1000)
        made.observe(.exited("b", words: "x"), 1001)
        #expect(made.clock.openCount == 2)
    }

    @Test mutating func `a standby that takes the place of the lost one makes the model whole`() throws {
        made = FailoverCase(["m": ["a", "spare"]])
        made.usable = ["a"]
        made.route("spare", isIn: false, 100)
        kill("a", 1000)
        made.report(1100)
        made.usable = ["spare"]
        made.report(1600)
        made.reports(from: 2100, to: 4000)
        let record = try #require(made.records.first)
        #expect(record.restoredSeconds == 0.6)
    }

    @Test mutating func `a backend that is given up closes the record, and it says so`() throws {
        kill("a", 1000)
        made.report(1100)
        made.observe(.gaveUp("a"), 20_000)
        made.reports(from: 20_100, to: 23_000)
        let record = try #require(made.records.first)
        #expect(record.restoredSeconds == nil)
        #expect(record.unfinished == "a was given up")
        #expect(record.sentence.hasSuffix("not whole again: a was given up; 0 requests lost"))
    }

    @Test mutating func `a backend that leaves the config closes it too`() {
        kill("a", 1000)
        made.report(1100)
        made.change(["m": ["b", "c"]], 5000)
        made.reports(from: 5100, to: 8000)
        #expect(made.records.compactMap(\.unfinished) == ["a has left the config"])
    }

    @Test mutating func `one that never comes back is recorded after a quarter of an hour`() {
        kill("a", 1000)
        made.report(900_999)
        #expect(made.records.isEmpty)
        made.report(901_000)
        #expect(made.records.compactMap(\.unfinished) == ["a did not come back within 15 min"])
        made.back("a", 902_000)
        made.reports(from: 902_100, to: 905_000)
        #expect(made.records.count == 1)
    }

    @Test mutating func `a gateway that is replaced in the middle costs nothing that was told`() throws {
        kill("a", 1000)
        made.book.served("m", by: "b", at: FailoverCase.at(1020))
        made.report(1100)
        made.replaceGateway()
        made.report(1500)
        made.observe(.ready("a"), 2500)
        made.usable.insert("a")
        made.reports(from: 2600, to: 5000)
        let record = try #require(made.records.first)
        #expect(made.records.count == 1)
        #expect(record.servedSeconds == 0.02)
        #expect(record.restoredSeconds == 1.5)
    }

    @Test mutating func `the next gateway may notice the same loss`() throws {
        kill("a", 1000)
        made.report(1100)
        made.replaceGateway()
        made.note(.connection, "a", 1400)
        made.book.served("m", by: "c", at: FailoverCase.at(1450))
        made.report(1500)
        made.back("a", 3000)
        made.reports(from: 3100, to: 6000)
        #expect(made.records.count == 1)
        #expect(made.records.first?.servedSeconds == 0.45)
        #expect(made.records.first?.restoredSeconds == 2)
    }

    @Test mutating func `what an earlier control plane's gateway noticed is not told again`() {
        made = FailoverCase()
        made.note(.connection, "a", -5000)
        made.report(100)
        #expect(made.clock.openCount == 0)
    }

    @Test mutating func `a report that comes twice counts once`() throws {
        kill("a", 1000)
        made.book.count(.retried, of: "m", from: "a")
        made.reports(from: 1100, to: 2000, every: 10)
        made.back("a", 2000)
        made.reports(from: 2100, to: 9000)
        #expect(made.records.map(\.counts.retried) == [1])
    }

    @Test mutating func `lost requests and their tokens are in the sentence`() throws {
        kill("a", 1000)
        made.book.count(.broken(tokens: 12), of: "m", from: "a")
        made.report(1100)
        made.back("a", 2000)
        made.reports(from: 2100, to: 5000)
        let sentence = try #require(made.records.first?.sentence)
        #expect(sentence.contains("served by nobody"))
        #expect(sentence.hasSuffix("1 request lost with 12 tokens"))
    }

    // MARK: Drills

    @Test(arguments: [BackendLoss.Sign.connection, .table, .frozen])
    mutating func `the fault of a drill is where its clock begins`(sign: BackendLoss.Sign) throws {
        made.observe(.fault("a", drill: 7), 1000)
        made.note(sign, "a", 1030, lastHeard: 1029, inFlight: 3)
        made.book.served("m", by: "b", at: FailoverCase.at(1040))
        made.report(1100)
        made.back("a", 2000)
        made.reports(from: 2100, to: 5000)
        let record = try #require(made.records.first)
        #expect(record.origin == .fault)
        #expect(record.drill == 7)
        #expect(record.detectedSeconds == 0.03)
        #expect(record.servedSeconds == 0.04)
        #expect(record.kind == (sign == .table ? .drain : sign == .frozen ? .frozen : .connection))
    }

    @Test mutating func `an announced fault explains nothing that was before it, nor long after`() {
        made.note(.table, "a", 500)
        made.observe(.fault("a", drill: 7), 1000)
        made.report(1100)
        #expect(made.clock.openCount == 0)
        made.observe(.exited("a", words: "x"), 70_000)
        #expect(made.clock.openCount == 1)
        made.back("a", 71_000)
        made.observe(.ready("a"), 71_000)
        made.reports(from: 71_100, to: 75_000)
        #expect(made.records.map(\.drill) == [nil])
    }

    @Test mutating func `parts never run backwards, whatever two processes saw`() throws {
        made.note(.broken, "a", 999, isOut: false, lastHeard: 1001, inFlight: 1)
        made.observe(.exited("a", words: "x"), 1000)
        made.book.served("m", by: "b", at: FailoverCase.at(1002))
        made.note(.table, "a", 1003)
        made.back("a", 1003)
        made.reports(from: 1100, to: 4000)
        let record = try #require(made.records.first)
        let parts = [
            record.detectedSeconds, record.decidedSeconds ?? -1, record.servedSeconds ?? -1,
            record.restoredSeconds ?? -1,
        ]
        #expect(parts == parts.sorted())
        #expect(parts.allSatisfy { $0 >= 0 })
    }
}
