/// What a person said about when requests start, before it is known to make sense.
package struct ArrivalOrder: Sendable, Equatable {
    /// The words of `--arrival`.
    package enum Spacing: String, Sendable, CaseIterable {
        case poisson, constant, gamma
    }

    /// `--users` or `--concurrency`.
    package var users: String?
    package var spawnRate: String?
    package var thinkTime: String?
    /// `--request-rate`.
    package var rate: String?
    package var spacing: String?
    package var burstiness: String?
    /// `--stage`, in order: of users, or of the rate where one is given.
    package var stages: [String] = []

    package init() {}

    static let mostUsers = 1_000_000
    /// Who does not say how fast users come gets them within this: all at one instant is a test of `accept`, not of
    /// an engine.
    static let spawnTime = 1.0

    /// The arrival, one user when nothing was said.
    package func arrival() throws(LoadError) -> Arrival {
        guard let rate else { return .users(try closedLoop()) }
        for (value, flag) in [(users, "--users"), (spawnRate, "--spawn-rate"), (thinkTime, "--think-time")]
        where value != nil {
            throw LoadError(
                "\(flag) is of a closed loop and --request-rate of an open one; leave one of them out"
                    + " (closed: each user waits for the answer; open: requests come whatever the server does)")
        }
        return .rate(try openLoop(rate))
    }

    private func closedLoop() throws(LoadError) -> UserArrival {
        for (value, flag) in [(spacing, "--arrival"), (burstiness, "--burstiness")] where value != nil {
            throw LoadError("\(flag) is of an open loop; try --request-rate 12 \(flag) \(value ?? "")")
        }
        var begin: [Stage] = []
        if users != nil || stages.isEmpty {
            let count = try Asked(users ?? "1", flag: "--users").count(in: 1...Self.mostUsers, try: "200")
            let speed =
                try spawnRate.map { text throws(LoadError) in
                    try Asked(text, flag: "--spawn-rate").number(upTo: 1_000_000, try: "50")
                } ?? Double(count) / Self.spawnTime
            begin = count == 1 ? [Stage(duration: 0, level: 1)] : Stage.ramp(to: Double(count), perSecond: speed)
        } else if spawnRate != nil {
            throw LoadError("--spawn-rate needs --users; a --stage says itself how fast: --stage 30s:100")
        }
        let think =
            try thinkTime.map { text throws(LoadError) in try TimeDistribution(text: text, flag: "--think-time") }
        return UserArrival(stages: begin + (try levels()), thinkTime: think ?? .constant(0))
    }

    private func openLoop(_ rate: String) throws(LoadError) -> RateArrival {
        let most = Stage.highestLevel
        // 0 is fine where stages follow: they begin there.
        let begin =
            rate == "0" && !stages.isEmpty
            ? 0 : try Asked(rate, flag: "--request-rate").number(upTo: most, try: "12")
        let shape =
            try burstiness.map { text throws(LoadError) in
                try Asked(text, flag: "--burstiness").number(upTo: 1000, try: "0.5")
            }
        let asked = try spacing.map { text throws(LoadError) in
            try Asked(text, flag: "--arrival").word(of: Spacing.self)
        }
        let stages = [Stage(duration: 0, level: begin)] + (try levels())
        switch asked ?? (shape == nil ? .poisson : .gamma) {
        case .gamma: return RateArrival(stages: stages, spacing: .gamma(burstiness: shape ?? 1))
        case .poisson where shape == nil: return RateArrival(stages: stages, spacing: .poisson)
        case .constant where shape == nil: return RateArrival(stages: stages, spacing: .constant)
        case .poisson, .constant:
            throw LoadError("--burstiness shapes gamma arrivals; try --arrival gamma --burstiness \(burstiness ?? "")")
        }
    }

    private func levels() throws(LoadError) -> [Stage] {
        var levels: [Stage] = []
        for text in stages { levels.append(try Stage(text: text, flag: "--stage")) }
        return levels
    }
}
