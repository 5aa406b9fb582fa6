/// One step of a search for the most load that keeps the objective.
package struct SweepStep: Sendable, Codable, Equatable {
    /// Users or requests a second.
    package var level: Double
    package var unit: String
    package var isWithinObjective: Bool
    package var verdict: Verdict.Level
    package var requests: Double
    package var outputTokens: Double
    package var goodput: Double
    package var attainment: Double?
    /// In milliseconds; nil: withheld.
    package var ttftP50: Double?
    package var ttftP99: Double?
    package var tpotP99: Double?

    /// What a report says of this step.
    ///
    /// - Parameter isWithin: whether the search takes the level for one that keeps the objective.
    package init(_ report: LoadReport, level: Double, unit: String, isWithin: Bool) {
        self.level = level
        self.unit = unit
        isWithinObjective = isWithin
        verdict = report.verdict.level
        requests = report.rates.requests
        outputTokens = report.rates.outputTokens
        goodput = report.rates.goodput
        attainment = report.rates.attainment
        ttftP50 = report.distribution(of: .ttft)?.quantiles.first { $0.fraction == 0.5 }?.value
        ttftP99 = report.distribution(of: .ttft)?.quantiles.first { $0.fraction == 0.99 }?.value
        tpotP99 = report.distribution(of: .tpot)?.quantiles.first { $0.fraction == 0.99 }?.value
    }
}
