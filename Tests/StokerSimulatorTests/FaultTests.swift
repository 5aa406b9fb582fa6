import StokerCore
import StokerSimulator
import Testing

private func read(_ text: String) throws -> Fault { try FaultFields(text: text).fault() }

private func message(_ text: String, json: Bool = false) -> String? {
    do throws(FaultError) {
        _ = try json ? FaultFields(json: Array(text.utf8)).fault() : FaultFields(text: text).fault()
        return nil
    } catch {
        return error.message
    }
}

@Suite struct FaultFieldsTests {
    @Test func `words and JSON say the same`() throws {
        let json = #"{"fault": "cut", "after": 5, "every": 10, "times": 3, "for": "3s"}"#
        #expect(try FaultFields(json: Array(json.utf8)).fault() == read("cut after=5 every=10 times=3 for=3s"))
        let fault = try read("cut after=5 every=10 times=3 for=3s")
        #expect((fault.kind, fault.after, fault.every, fault.times) == (.cut, 5, 10, 3))
        #expect(fault.lasting == .seconds(3))
    }

    @Test(arguments: FaultKind.allCases) func `every fault can be asked for by its name and what it needs`(
        kind: FaultKind
    ) throws {
        let needs: [FaultKind: String] = [.refuse: " for=1s", .stallAll: " for=1s", .log: " name=xid-79"]
        #expect(try read(kind.rawValue + (needs[kind] ?? "")).kind == kind)
    }

    @Test(arguments: FaultKind.allCases) func `what a fault says of itself can be asked for again`(
        kind: FaultKind
    ) throws {
        let values: [FaultKey: String] = [
            .after: "3", .delay: "2s", .bytes: "1000", .limit: "5000", .status: kind == .exit ? "7" : "503",
            .factor: "2.5", .name: "cuda-oom", .retryAfter: "4", .every: "2", .times: "9", .lasting: "1m",
        ]
        let words = kind.keys.map { " \($0.rawValue)=\(values[$0] ?? "")" }.joined()
        let fault = try read(kind.rawValue + words)
        #expect(try FaultFields(json: Array(fault.json.utf8)).fault() == fault)
    }

    @Test(arguments: [
        ("", "a fault has a name"), ("cut after", "'after' is no key=value"), ("cut =5", "'=5' is no key=value"),
        ("cut after=1 after=2", "'after' comes twice"),
        ("cut aftr=5", "unknown key 'aftr'; cut takes after, every, times, for"),
        ("cut bytes=5", "unknown key 'bytes'; cut takes after, every, times, for"),
        ("cut after=-1", "'after' is -1; it must be 0 to 1000000"),
        ("cut after=x", "'after' is 'x'; it must be 0 to 1000000"),
        ("cut after=1.5", "'after' is 1.5; it must be 0 to 1000000"),
        ("cut after=nan", "'after' is nan; it must be 0 to 1000000"),
        ("cut every=0", "'every' is 0; it must be 1 to 1000000"),
        ("cut for=3", "'for' is 3; write 250ms, 5s or 1m"), ("cut for=soon", "'for' is 'soon'; write 250ms, 5s or 1m"),
        ("overload status=200", "'status' is 200; it must be 400 to 599"),
        ("exit status=256", "'status' is 256; it must be 0 to 255"),
        ("slow factor=0", "'factor' is 0; it must be 0.01 to 10000.0"),
        ("huge-event bytes=65MiB", "'bytes' is '65MiB'; write 1048576 or 1MiB, at most 67108864"),
        ("refuse", "refuse needs 'for'"), ("stall-all", "stall-all needs 'for'"), ("log", "log needs 'name'"),
    ])
    func `a mistake is named, with what would be right`(text: String, words: String) {
        #expect(message(text) == words)
    }

    @Test func `an unknown fault is answered with all that there are`() throws {
        let text = try #require(message("hnag"))
        #expect(text.hasPrefix("unknown fault 'hnag'; known: "))
        for kind in FaultKind.allCases { #expect(text.contains(kind.rawValue)) }
    }

    @Test(arguments: [
        "", "[]", "null", "5", "{", #"{"fault":["cut"]}"#, #"{"fault":true}"#, #"{"fault":"cut","after":null}"#,
    ])
    func `JSON that is no object of texts and numbers is refused`(json: String) {
        #expect(message(json, json: true)?.hasPrefix("not a JSON object of texts and numbers") == true)
    }

    @Test func `sizes may have units`() throws {
        #expect(try read("huge-event bytes=32MiB").bytes == 32 << 20)
        #expect(try read("memory bytes=1MiB limit=2GiB").limit == 2 << 30)
    }

    @Test func `a log line is one that engines write`() {
        #expect(message("log name=xid-0")?.hasPrefix("'name' is 'xid-0'; known: cuda-ecc") == true)
        #expect(EngineLog.texts.values.allSatisfy { !$0.isEmpty })
    }
}

@Suite struct FaultBoardTests {
    private func board(_ faults: String...) throws -> FaultBoard {
        var board = FaultBoard()
        for fault in faults { board.add(try read(fault), at: 0) }
        return board
    }

    @Test func `an empty board strikes nobody`() {
        var board = FaultBoard()
        let answer = board.strikeAnswer()
        let connection = board.strikeConnection()
        #expect(answer == nil)
        #expect(connection == false)
        #expect(board.isEmpty)
    }

    @Test(arguments: [(1, [1, 2, 3, 4, 5, 6]), (2, [2, 4, 6]), (5, [5]), (7, [])])
    func `it strikes each k-th request`(every: Int, struck: [Int]) throws {
        var board = try board("error every=\(every)")
        #expect((1...6).filter { _ in board.strikeAnswer() != nil } == struck)
    }

    @Test func `it strikes so many times, then it is over`() throws {
        var board = try board("error every=2 times=2")
        #expect((1...9).filter { _ in board.strikeAnswer() != nil } == [2, 4])
        #expect(board.isEmpty)
    }

    @Test func `the first whose turn it is strikes; faults of the engine strike no answer`() throws {
        var board = try board("hang", "error every=2", "cut")
        #expect((1...4).map { _ in board.strikeAnswer()?.kind } == [.cut, .error, .cut, .error])
        #expect(board.contains { $0 == .hang })
    }

    @Test func `connections are reset by a fault of their own`() throws {
        var board = try board("reset-connections every=3", "cut")
        #expect((1...6).filter { _ in board.strikeConnection() } == [3, 6])
    }

    @Test func `its time over, a fault is gone`() throws {
        var board = try board("hang for=2s", "cut")
        #expect(board.nextEnd == 2_000_000_000)
        board.expire(at: 1_999_999_999)
        #expect(board.active(.hang) != nil)
        board.expire(at: 2_000_000_000)
        #expect(board.active(.hang) == nil)
        #expect(board.faults.map(\.kind) == [.cut])
        #expect(board.nextEnd == nil)
    }

    @Test func `one kind is cleared, or all`() throws {
        var board = try board("hang", "cut", "slow")
        board.clear(.cut)
        #expect(board.faults.map(\.kind) == [.hang, .slow])
        board.clear()
        #expect(board.isEmpty)
    }
}

@Suite struct ScenarioTests {
    @Test func `lines are steps, in the order of their times`() throws {
        let text = """
            # A bad minute.
            {"at": "20s", "fault": "cut", "after": 3}

              {"at": "5s", "for": "3s", "fault": "hang", "port": 9002}
            """
        let scenario = try Scenario(text: text)
        #expect(scenario.steps.map(\.at) == [.seconds(5), .seconds(20)])
        #expect(scenario.steps.map(\.fault.kind) == [.hang, .cut])
        #expect(scenario.steps.map(\.port) == [9002, nil])
    }

    @Test(arguments: [(9001, [FaultKind.cut]), (9002, [.hang, .cut])] as [(UInt16, [FaultKind])])
    func `an engine gets its own steps and everybody's`(port: UInt16, kinds: [FaultKind]) throws {
        let text = #"{"at":"1s","fault":"hang","port":9002}"# + "\n" + #"{"at":"2s","fault":"cut"}"#
        #expect(try Scenario(text: text).steps(port: port).map(\.fault.kind) == kinds)
    }

    @Test(arguments: [
        (#"{"fault":"cut"}"#, "line 1: 'at' is missing: when, such as \"5s\""),
        ("\n" + #"{"at":5,"fault":"cut"}"#, "line 2: 'at' is 5; write 250ms, 5s or 1m"),
        (#"{"at":"5s"}"#, "line 1: 'fault' is missing: the name of a fault"),
        (#"{"at":"5s","fault":"cut","port":70000}"#, "line 1: 'port' is 70000; it must be 0 to 65535"),
        (#"{"at":"5s","fault":"cut","when":1}"#, "line 1: unknown key 'when'; cut takes after, every, times, for"),
        ("at: 5s", "line 1: not a JSON object of texts and numbers, such as {\"fault\": \"cut\", \"after\": 5}"),
    ])
    func `a mistake is named with its line`(text: String, words: String) {
        #expect(throws: FaultError(message: words)) { try Scenario(text: text) }
    }

    @Test func `an empty file is no fault`() throws {
        #expect(try Scenario(text: "\n# nothing\n").steps.isEmpty)
    }
}

@Suite struct InstantReplyTests {
    private func reply(_ text: String, _ dialect: SimulatorDialect = .vllm, streamed: Bool = true) throws
        -> InstantReply?
    {
        InstantReply.of(try read(text), dialect, isStreamed: streamed)
    }

    @Test(arguments: [
        ("overload", 503), ("overload status=429", 429), ("error", 500), ("error status=502", 502), ("empty", 200),
        ("html", 200), ("redirect", 302),
    ])
    func `each has its status`(text: String, status: Int) throws {
        #expect(try reply(text)?.status == status)
    }

    @Test func `overload says when to come again, if it is told to`() throws {
        #expect(try reply("overload retry_after=7")?.headers == "Retry-After: 7\r\n")
        #expect(try reply("overload")?.headers == "")
    }

    @Test(arguments: SimulatorDialect.allCases) func `an error is in the form of the dialect`(
        dialect: SimulatorDialect
    ) throws {
        let body = try #require(try reply("error", dialect)).body
        #expect(body.hasPrefix(dialect == .sglang ? #"{"object":"error""# : #"{"error":{"#))
    }

    @Test(arguments: [true, false]) func `an empty answer has the type of the one that was asked for`(streamed: Bool)
        throws
    {
        let reply = try #require(try reply("empty", streamed: streamed))
        #expect(reply.body.isEmpty)
        #expect(reply.contentType.hasPrefix(streamed ? "text/event-stream" : "application/json"))
    }

    @Test func `what happens later is left to the engine`() throws {
        for kind in FaultKind.allCases where kind.scope == .answer {
            let isInstant = [.empty, .html, .redirect, .overload, .error, .garbage].contains(kind)
            #expect((InstantReply.of(Fault(kind), .vllm, isStreamed: true) != nil) == isInstant, "\(kind)")
        }
    }
}
