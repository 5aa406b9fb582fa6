import StokerLoad
import Testing

@Suite struct OrderTests {
    private func refusal(_ body: () throws(LoadError) -> some Any) -> String {
        do throws(LoadError) {
            _ = try body()
            return "accepted"
        } catch {
            return error.message
        }
    }

    // When it ends

    @Test func `half a minute when nothing was said, and the stages in any case`() throws {
        #expect(try StopOrder().rule() == StopRule(duration: 30_000_000_000))
        #expect(try StopOrder().rule(stages: 90_000_000_000).duration == 90_000_000_000)
    }

    @Test func `a warm-up comes before the usual half minute`() throws {
        var order = StopOrder()
        order.warmUp = "20s"
        #expect(try order.rule() == StopRule(duration: 50_000_000_000, warmUp: 20_000_000_000))
    }

    @Test func `a number of requests needs no time`() throws {
        var order = StopOrder()
        order.requests = "1000"
        order.grace = "0"
        #expect(try order.rule() == StopRule(requests: 1000, grace: 0))
    }

    @Test(
        arguments: [
            ("0s", nil), ("5", nil), ("31d", nil), ("-5s", nil), (nil, "0"), (nil, "x"), (nil, "1e9"),
        ] as [(String?, String?)])
    func `an end that is none is refused`(duration: String?, requests: String?) {
        var order = StopOrder()
        order.duration = duration
        order.requests = requests
        #expect(refusal(order.rule0).hasPrefix(duration == nil ? "--num-prompts: " : "--duration: "))
    }

    @Test func `a warm-up must leave something`() {
        var order = StopOrder()
        order.duration = "10s"
        order.warmUp = "10s"
        #expect(refusal(order.rule0).hasPrefix("--warmup takes all of --duration"))
    }

    @Test func `deadlines are what was said, else the plan's`() throws {
        #expect(try DeadlineOrder().deadlines() == LoadDeadlines())
        var order = DeadlineOrder()
        order.firstToken = "3s"
        order.total = "1m"
        #expect(try order.deadlines() == LoadDeadlines(firstToken: 3_000_000_000, total: 60_000_000_000))
        order.idle = "0s"
        #expect(refusal(order.deadlines).hasPrefix("--idle-timeout: '0s' is out of range"))
    }

    // What the generator may use

    @Test(arguments: [(1, 1), (2, 1), (4, 2), (16, 8), (128, 8), (0, 1)])
    func `half of the processors by itself`(processors: Int, loops: Int) throws {
        #expect(try CapacityOrder().capacity(processors: processors).loops == loops)
    }

    @Test func `a cap and what happens at it`() throws {
        var order = CapacityOrder()
        order.onCap = "drop"
        #expect(refusal { () throws(LoadError) in try order.capacity(processors: 2) }.contains("--on-cap needs a cap"))
        order.maxConcurrency = "500"
        order.keepsAlive = false
        let plan = CapacityPlan(loops: 1, inFlight: 500, atCap: .drop, keepsAlive: false)
        #expect(try order.capacity(processors: 2) == plan)
        order.onCap = "wait"
        #expect(
            refusal { () throws(LoadError) in try order.capacity(processors: 2) }
                == "--on-cap: 'wait' is none of queue, drop; try --on-cap queue")
    }

    @Test(arguments: ["0", "257", "x"])
    func `so many threads there are not`(text: String) {
        var order = CapacityOrder()
        order.threads = text
        #expect(refusal { () throws(LoadError) in try order.capacity(processors: 2) }.hasPrefix("--threads: '\(text)'"))
    }

    @Test func `the whole plan is one shard`() throws {
        var order = CapacityOrder()
        #expect(try order.share() == Shard())
        order.shard = "2/4"
        #expect(try order.share() == Shard(index: 1, count: 4))
    }

    // What is good

    @Test func `bounds of one's own go before those of a preset`() throws {
        var order = ObjectiveOrder()
        #expect(try order.objective().isEmpty)
        order.slo = "mlperf-deepseek-r1"
        order.goodput = ["ttft:500"]
        #expect(try order.objective() == Objective(ttft: 500_000_000, tpot: 80_000_000))
    }

    // The line in the report

    @Test(arguments: [
        (["/usr/bin/stoker", "load", "run", "-c", "5"], "stoker load run -c 5"),
        (["stoker", "--api-key", "s3cret", "-H", "a: b", "x"], "stoker --api-key *** -H *** x"),
        (["stoker", "--api-key=s3cret", "--header=a: b", "-Ha: b"], "stoker --api-key=*** --header=*** -H***"),
        (["stoker", "-u", "https://me:pw@gw/v1"], "stoker -u 'https://***@gw/v1'"),
        (["stoker", "--threshold", "p99(ttft)<2s", ""], "stoker --threshold 'p99(ttft)<2s' ''"),
        (["stoker", "it's"], "stoker 'it'\\''s'"), (["stoker", "--api-key"], "stoker --api-key"), ([], ""),
        (["stoker", "--extra-body", "{\"key\": 1}"], "stoker --extra-body ***"),
    ])
    func `the command without its secrets`(arguments: [String], text: String) {
        #expect(CommandText.of(arguments).replacing("***@", with: "***@") == text)
    }

    // The model

    @Test func `the first model of a list`() throws {
        let body = Array(#"{"object":"list","data":[{"id":"m1","x":1},{"id":"m2"}]}"#.utf8)
        #expect(try ModelList.first(in: body, from: "http://gw/v1/models") == "m1")
    }

    @Test(arguments: ["", "<html>", "{}", "[]", #"{"data":[{"name":"m"}]}"#, "\u{0}"])
    func `what is no list of models is said`(body: String) {
        let text = refusal { () throws(LoadError) in
            try ModelList.first(in: Array(body.utf8), from: "http://gw/v1/models")
        }
        #expect(text == "http://gw/v1/models is no list of models; name one with --model")
    }

    @Test(arguments: [#"{"data":[]}"#, #"{"data":[{"id":""}]}"#])
    func `an empty list is another matter`(body: String) {
        let text = refusal { () throws(LoadError) in try ModelList.first(in: Array(body.utf8), from: "u") }
        #expect(text.hasPrefix("u lists no model"))
    }
}

extension StopOrder {
    /// Without stages; a function value has no default arguments.
    fileprivate func rule0() throws(LoadError) -> StopRule { try rule() }
}
