import StokerCore

/// What a person said about a search.
package struct SweepOrder: Sendable, Equatable {
    /// `1..500`, or levels with commas.
    package var users: String?
    package var rate: String?
    /// Bounds of the run, `p99(ttft)<2s`.
    package var objectives: [String] = []
    /// How exact the answer is to be, in per cent.
    package var resolution: String?

    package init() {}

    /// - Parameter requests: bounds of single requests, from `--goodput` or `--slo`: 99 of 100 must keep them.
    package func plan(requests: Objective) throws(LoadError) -> SweepPlan {
        guard (users == nil) != (rate == nil) else {
            throw LoadError("a sweep turns up --users or --rate, one of them; try --users 1..500 or --rate 1..50")
        }
        let levels = try levels(users ?? rate ?? "", flag: users == nil ? "--rate" : "--users")
        // An error rate of 1 % is a bound that nobody has to ask for.
        var objective = SweepObjective(requests)
        for text in objectives { objective.bounds.append(try Self.bound(text)) }
        return SweepPlan(unit: users == nil ? .rate : .users, levels: levels, objective: objective)
    }

    private func levels(_ text: String, flag: String) throws(LoadError) -> SweepPlan.Levels {
        let example = flag == "--users" ? "1..500 or 1,2,4,8" : "1..50 or 1,2,4,8"
        let most = flag == "--users" ? Double(ArrivalOrder.mostUsers) : Stage.highestLevel
        func level(_ text: Substring) throws(LoadError) -> Double {
            let value = try Asked(String(text), flag: flag).number(upTo: most, try: example)
            guard flag == "--rate" || value == value.rounded() else {
                throw LoadError("\(flag): there is no part of a user; try \(flag) \(example)")
            }
            return value
        }
        guard let dots = text.firstRange(of: "..") else {
            var levels: [Double] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) { levels.append(try level(part)) }
            return .given(levels)
        }
        let (low, high) = (try level(text[..<dots.lowerBound]), try level(text[dots.upperBound...]))
        guard low < high else {
            throw LoadError("\(flag): '\(SafeText.escaped(text))' does not rise; try \(flag) \(example)")
        }
        return .search(start: low, limit: high, resolution: try exactness())
    }

    private func exactness() throws(LoadError) -> Double {
        guard let resolution else { return 0.05 }
        let text = resolution.hasSuffix("%") ? String(resolution.dropLast()) : resolution
        return try Asked(text, flag: "--resolution").number(upTo: 50, try: "5%") / 100
    }

    private static func bound(_ text: String) throws(LoadError) -> SweepObjective.Bound {
        let threshold = try Threshold(parsing: text)
        guard threshold.comparison == .below || threshold.comparison == .atMost,
            let quantity = quantity(threshold.subject)
        else {
            throw LoadError(
                "--objective '\(SafeText.escaped(text))' is not what a search can follow; try 'p99(ttft)<2s'"
                    + " (p50 or p99 of ttft, tpot or e2e, or errors.rate; below a bound)")
        }
        return SweepObjective.Bound(quantity, atMost: threshold.bound)
    }

    private static func quantity(_ subject: Threshold.Subject) -> SweepObjective.Quantity? {
        switch subject {
        case .quantile(.ttft, 0.5): .ttftP50
        case .quantile(.ttft, 0.99): .ttftP99
        case .quantile(.tpot, 0.5): .tpotP50
        case .quantile(.tpot, 0.99): .tpotP99
        case .quantile(.e2e, 0.5): .e2eP50
        case .quantile(.e2e, 0.99): .e2eP99
        case .errorRate: .errorRate
        default: nil
        }
    }
}

extension SweepPoint {
    /// What a report says of one level.
    package init(_ report: LoadReport, level: Double, isDiverging: Bool = false) {
        self.init(level: level)
        func quantile(_ fraction: Double, _ measure: Measure) -> Double? {
            report.distribution(of: measure)?.quantiles.first { $0.fraction == fraction }?.value
        }
        requests = report.counts.ok + report.counts.bad
        achievedRate = report.rates.achieved
        requestRate = report.rates.requests
        goodput = report.rates.goodput
        tokenRate = report.rates.outputTokens
        errorRate = report.rates.errorRate ?? 0
        (ttftP50, ttftP99) = (quantile(0.5, .ttft), quantile(0.99, .ttft))
        (tpotP50, tpotP99) = (quantile(0.5, .tpot), quantile(0.99, .tpot))
        (e2eP50, e2eP99) = (quantile(0.5, .e2e), quantile(0.99, .e2e))
        inFlight = report.client.meanInFlight ?? 0
        self.isDiverging = isDiverging
        verdict = report.verdict
    }
}
