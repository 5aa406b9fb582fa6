import StokerCore

/// Requests that a split divides between two sides, second by second, and a canary machine that looks at them.
struct CanarySimulation: Sendable {
    var order = CanaryOrder()
    /// First attempts a second, of both sides together.
    var rate = 10
    /// How often a first attempt fails, by second.
    var stableFailure: @Sendable (Int) -> Double = { _ in 0 }
    var canaryFailure: @Sendable (Int) -> Double = { _ in 0 }
    /// Time to the first event in microseconds, drawn from a fraction.
    var stableTime: @Sendable (Double) -> Int = { usualTime($0) }
    var canaryTime: @Sendable (Double) -> Int = { usualTime($0) }
    /// A failure becomes known so many seconds later at most.
    var delay = 0
    /// Traffic of each client for one of the first; empty: each request is a client of its own.
    var clients: [Double] = []

    /// Long prompts are a tenth, and ten times as slow: what a percentile taken from few would stumble over.
    static func usualTime(_ fraction: Double) -> Int {
        fraction < 0.9 ? 100_000 + Int(fraction * 100_000) : 1_000_000 + Int((fraction - 0.9) * 10_000_000)
    }

    struct Outcome {
        /// When it was rolled back, in seconds; nil: it was not.
        var rolledBackAt: Int?
        var promotedAt: Int?
    }

    func run(seconds: Int, random: inout SeededGenerator) -> Outcome {
        var machine = CanaryMachine(model: "m")
        let salt = UInt32(truncatingIfNeeded: random.next())
        _ = try? machine.obey(.start(order, salt: salt), at: moment(0))
        var traffic = Traffic(self, salt: salt)
        for second in 1...seconds {
            if let split = machine.split {
                let counts = traffic.second(second, split: split, random: &random)
                _ = machine.handle(.counts(counts), at: moment(second))
            }
            _ = machine.handle(.tick(isServing: true), at: moment(second))
            if case .rolledBack = machine.phase { return Outcome(rolledBackAt: second) }
            if case .promoted = machine.phase { return Outcome(promotedAt: second) }
        }
        return Outcome()
    }

    private func moment(_ second: Int) -> CanaryMachine.Moment {
        .init(elapsed: .seconds(second), wall: Timestamp(milliseconds: Int64(second) * 1000))
    }

    /// What the gateway would have counted.
    private struct Traffic {
        let plan: CanarySimulation
        let salt: UInt32
        var counts = CanaryCounts(model: "m", permille: 0, salt: 0)
        var pending: [(due: Int, canary: Bool, permille: Int)] = []
        private var cumulative: [Double] = []

        init(_ plan: CanarySimulation, salt: UInt32) {
            self.plan = plan
            self.salt = salt
            var sum = 0.0
            cumulative = plan.clients.map { weight in
                sum += weight
                return sum
            }
        }

        mutating func second(_ second: Int, split: CanarySplit, random: inout SeededGenerator) -> CanaryCounts {
            if counts.permille != split.permille {
                counts = CanaryCounts(model: "m", permille: split.permille, salt: split.salt)
            }
            for _ in 0..<plan.rate { request(at: second, split, &random) }
            for failure in pending where failure.due <= second && failure.permille == split.permille {
                if failure.canary {
                    counts.canary.fail(reason: "reset")
                } else {
                    counts.stable.fail(reason: "reset")
                }
            }
            pending.removeAll { $0.due <= second }
            return counts
        }

        private mutating func request(at second: Int, _ split: CanarySplit, _ random: inout SeededGenerator) {
            let isCanary = split.sendsToCanary(client: client(&random))
            let fails = random.chance(isCanary ? plan.canaryFailure(second) : plan.stableFailure(second))
            if fails {
                let later = plan.delay > 0 ? Int(random.fraction() * Double(plan.delay + 1)) : 0
                pending.append((second + later, isCanary, split.permille))
            }
            let time = (isCanary ? plan.canaryTime : plan.stableTime)(random.fraction())
            if isCanary {
                counts.canary.begun += 1
                if !fails { counts.canary.time(microseconds: time) }
            } else {
                counts.stable.begun += 1
                if !fails { counts.stable.time(microseconds: time) }
            }
        }

        private func client(_ random: inout SeededGenerator) -> UInt64 {
            guard let all = cumulative.last else { return random.next() }
            let place = random.fraction() * all
            return UInt64(cumulative.firstIndex { place < $0 } ?? 0)
        }
    }
}
