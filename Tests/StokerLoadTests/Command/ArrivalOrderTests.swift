import StokerLoad
import Testing

@Suite struct ArrivalOrderTests {
    private func arrival(_ change: (inout ArrivalOrder) -> Void) throws(LoadError) -> Arrival {
        var order = ArrivalOrder()
        change(&order)
        return try order.arrival()
    }

    private func refusal(_ change: (inout ArrivalOrder) -> Void) -> String {
        do throws(LoadError) {
            _ = try arrival(change)
            return "accepted"
        } catch {
            return error.message
        }
    }

    @Test func `nothing said is one user, at once`() throws {
        #expect(try arrival { _ in } == .users(UserArrival(stages: [Stage(duration: 0, level: 1)])))
    }

    @Test func `users come within a second unless their speed is said`() throws {
        let users = try arrival { $0.users = "200" }
        #expect(users == .users(UserArrival(stages: [Stage(duration: 1_000_000_000, level: 200)])))
        let slow = try arrival {
            $0.users = "2000"
            $0.spawnRate = "50"
        }
        #expect(slow == .users(UserArrival(stages: [Stage(duration: 40_000_000_000, level: 2000)])))
    }

    @Test func `users think`() throws {
        let arrival = try arrival {
            $0.users = "1"
            $0.thinkTime = "exp:5s"
        }
        guard case .users(let users) = arrival else { return #expect(Bool(false), "an open loop") }
        #expect(users.thinkTime == .exponential(mean: 5_000_000_000))
    }

    @Test func `stages alone begin with nobody`() throws {
        let arrival = try arrival { $0.stages = ["30s:100", "5m:2000"] }
        let stages = [Stage(duration: 30_000_000_000, level: 100), Stage(duration: 300_000_000_000, level: 2000)]
        #expect(arrival == .users(UserArrival(stages: stages)))
    }

    @Test func `stages go on from the users or the rate that was said`() throws {
        let users = try arrival {
            $0.users = "1"
            $0.stages = ["30s:100"]
        }
        let stages = [Stage(duration: 0, level: 1), Stage(duration: 30_000_000_000, level: 100)]
        #expect(users == .users(UserArrival(stages: stages)))
        let rate = try arrival {
            $0.rate = "0"
            $0.stages = ["30s:100"]
        }
        let ramp = [Stage(duration: 0, level: 0), Stage(duration: 30_000_000_000, level: 100)]
        #expect(rate == .rate(RateArrival(stages: ramp, spacing: .poisson)))
    }

    @Test(
        arguments: [
            (nil, nil, RateArrival.Spacing.poisson), ("poisson", nil, .poisson), ("constant", nil, .constant),
            (nil, "0.5", .gamma(burstiness: 0.5)), ("gamma", nil, .gamma(burstiness: 1)),
            ("gamma", "3", .gamma(burstiness: 3)),
        ] as [(String?, String?, RateArrival.Spacing)])
    func `how an open loop is spaced`(spacing: String?, burstiness: String?, expected: RateArrival.Spacing) throws {
        let arrival = try arrival {
            $0.rate = "12"
            $0.spacing = spacing
            $0.burstiness = burstiness
        }
        #expect(arrival == .rate(RateArrival(stages: [Stage(duration: 0, level: 12)], spacing: expected)))
    }

    @Test(arguments: ["0", "-1", "x", "1.5", "1000001", "", "1e3", "٣"])
    func `so many users there cannot be`(text: String) {
        #expect(refusal { $0.users = text }.hasPrefix("--users: '\(text)' is"))
    }

    @Test(arguments: ["0", "-1", "x", "nan", "inf", "1e99", "10000001", ""])
    func `such a rate there cannot be`(text: String) {
        #expect(refusal { $0.rate = text }.hasPrefix("--request-rate: '\(text)' is"))
    }

    @Test(arguments: ["--users", "--spawn-rate", "--think-time"])
    func `closed and open loop do not mix`(flag: String) {
        let text = refusal {
            $0.rate = "3"
            if flag == "--users" { $0.users = "5" }
            if flag == "--spawn-rate" { $0.spawnRate = "5" }
            if flag == "--think-time" { $0.thinkTime = "5s" }
        }
        #expect(text.hasPrefix("\(flag) is of a closed loop and --request-rate of an open one"))
    }

    @Test func `spacing needs a rate`() {
        #expect(refusal { $0.spacing = "gamma" }.hasSuffix("try --request-rate 12 --arrival gamma"))
        #expect(refusal { $0.burstiness = "0.5" }.hasSuffix("try --request-rate 12 --burstiness 0.5"))
    }

    @Test func `burstiness is of gamma`() {
        let text = refusal {
            $0.rate = "3"
            $0.spacing = "constant"
            $0.burstiness = "2"
        }
        #expect(text == "--burstiness shapes gamma arrivals; try --arrival gamma --burstiness 2")
    }

    @Test func `stages say themselves how fast users come`() {
        let text = refusal {
            $0.stages = ["30s:100"]
            $0.spawnRate = "3"
        }
        #expect(text.hasPrefix("--spawn-rate needs --users"))
    }

    @Test(arguments: ["30:100", "30s", "30s:x", "30s:-1", ":", ""])
    func `a stage that is none is named`(text: String) {
        #expect(refusal { $0.stages = [text] }.hasPrefix("--stage: '\(text)'"))
    }
}
