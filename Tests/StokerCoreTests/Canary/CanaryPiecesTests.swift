import StokerCore
import Testing

@Suite struct CanarySplitTests {
    private func split(_ permille: Int, salt: UInt32 = 7) -> CanarySplit {
        CanarySplit(backends: ["b"], permille: permille, salt: salt)
    }

    @Test(arguments: [0, 1, 100, 330, 500, 999, 1000])
    func `the share of clients is the share asked for`(permille: Int) {
        let clients = (0..<20_000).count { split(permille).sendsToCanary(client: UInt64($0)) }
        #expect(abs(clients - permille * 20) <= 300)
        if permille == 0 { #expect(clients == 0) }
        if permille == 1000 { #expect(clients == 20_000) }
    }

    @Test func `a client on the canary stays there as the share grows`() {
        for client in (0..<2000).map(UInt64.init) {
            let sides = [10, 100, 250, 500, 1000].map { split($0).sendsToCanary(client: client) }
            #expect(sides == sides.sorted { !$0 && $1 })
        }
    }

    @Test func `another run begins with other clients`() {
        let both = (0..<10_000).count {
            split(500, salt: 1).sendsToCanary(client: UInt64($0))
                && split(500, salt: 2).sendsToCanary(client: UInt64($0))
        }
        #expect((2300...2700).contains(both))
    }
}

@Suite struct CanaryOrderTests {
    @Test(arguments: [
        ("10,25,50,100", [100, 250, 500, 1000]), ("50", [500, 1000]), ("100", [1000]), ("0.1,99.9", [1, 999, 1000]),
        ("5,100", [50, 1000]),
    ])
    func `steps are read as per cent, and end at 100`(text: String, steps: [Int]) throws {
        #expect(try CanaryOrder.steps(text: text) == steps)
    }

    @Test(arguments: [
        ("0", "a step of 0 % makes no sense"), ("10,0,50", "a step of 0 %"), ("101", "a step of 101 %"),
        ("50,25", "25 % after 50 %"), ("50,50", "50 % after 50 %"), ("100,100", "100 % after 100 %"),
        ("", "is no share"), ("10,", "is no share"), ("ten", "ten is no share"), ("-5", "-5 is no share"),
        ("1.25", "1.25 is no share"), ("1e1", "is no share"), ("99999999999999999999", "is no share"),
        ("5 ,10", "is no share"), ("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21", "21 steps"),
    ])
    func `steps that make no sense are refused with a hint`(text: String, words: String) {
        let error = #expect(throws: ControlError.self) { try CanaryOrder.steps(text: text) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.hint == "--steps 10,25,50,100")
    }
}

@Suite struct FirstAttemptsTests {
    @Test func `what has come since is the difference`() {
        var before = FirstAttempts(begun: 10, failed: 2, refused: 1, reasons: ["reset": 2], timed: 0)
        before.time(microseconds: 5)
        var after = before
        after.begun += 4
        after.fail(reason: "reset")
        after.fail(reason: "empty")
        after.time(microseconds: 6)
        after.time(microseconds: 7)
        let news = after.since(before)
        #expect(
            news
                == FirstAttempts(
                    begun: 4, failed: 2, refused: 0, reasons: ["reset": 1, "empty": 1], timed: 2, times: [6, 7]))
    }

    @Test func `counts that have fallen are those of another gateway, and all of them news`() {
        let after = FirstAttempts(begun: 3, failed: 1, reasons: ["reset": 1], timed: 1, times: [9])
        #expect(after.since(FirstAttempts(begun: 100, failed: 1, timed: 50)) == after)
    }

    @Test func `only the last times are kept`() {
        var attempts = FirstAttempts()
        for time in 1...200 { attempts.time(microseconds: time) }
        #expect(attempts.timed == 200)
        #expect(attempts.times == Array(137...200))
        #expect(attempts.since(FirstAttempts()).times.count == FirstAttempts.keptTimes)
        #expect(attempts.medianTime == 169)
    }

    @Test func `adding up keeps sums and the last times`() {
        var sum = FirstAttempts(begun: 1, failed: 1, refused: 1, reasons: ["a": 1], timed: 1, times: [1])
        sum.add(FirstAttempts(begun: 2, failed: 3, refused: 4, reasons: ["a": 1, "b": 2], timed: 1, times: [2]))
        #expect(
            sum == FirstAttempts(begun: 3, failed: 4, refused: 5, reasons: ["a": 2, "b": 2], timed: 2, times: [1, 2]))
    }
}

@Suite struct CanaryTextTests {
    @Test(arguments: [
        (0.0, "0"), (0.44, "0.4"), (1, "1"), (9.96, "10"), (12.4, "12"), (204, "204"), (1e9, "over 1000000"),
    ])
    func `evidence is short`(wealth: Double, text: String) { #expect(WealthText.text(wealth) == text) }

    @Test(arguments: [(0, "0 %"), (5, "0.5 %"), (250, "25 %"), (1000, "100 %")])
    func `shares are per cent`(permille: Int, text: String) { #expect(ShareText.percent(permille) == text) }
}
