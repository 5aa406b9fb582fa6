extension Threshold {
    /// Whether the run met it. A figure that is withheld meets nothing: a test that cannot tell has not passed.
    package func check(_ report: LoadReport) -> ThresholdResult {
        switch subject {
        case .quantile(let measure, let fraction):
            quantile(fraction, of: measure, in: report)
        case .mean(let measure): latency(report.distribution(of: measure)?.mean, measure)
        case .least(let measure): latency(report.distribution(of: measure)?.least, measure)
        case .most(let measure): latency(report.distribution(of: measure)?.most, measure)
        case .errorRate: share(report.rates.errorRate)
        case .attainment: share(report.rates.attainment)
        case .goodput: rate(report.rates.goodput)
        case .requestRate: rate(report.rates.requests)
        case .tokenRate: rate(report.rates.outputTokens)
        }
    }

    private func quantile(_ fraction: Double, of measure: Measure, in report: LoadReport) -> ThresholdResult {
        guard let distribution = report.distribution(of: measure) else { return latency(nil, measure) }
        let needed = SampleSize.needed(for: fraction)
        guard distribution.count >= needed else {
            return result(
                nil,
                "\(Figure.count(distribution.count)) values, and p\(Figure.short(fraction * 100)) needs "
                    + Figure.count(needed))
        }
        return latency(distribution.value(at: fraction), measure)
    }

    private func latency(_ value: Double?, _ measure: Measure) -> ThresholdResult {
        result(value, value.map(Figure.milliseconds) ?? "no \(measure.rawValue) was measured")
    }

    private func share(_ value: Double?) -> ThresholdResult {
        result(value, value.map(Figure.percent) ?? "no request was measured")
    }

    private func rate(_ value: Double) -> ThresholdResult { result(value, Figure.significant(value) + "/s") }

    private func result(_ value: Double?, _ shown: String) -> ThresholdResult {
        let isMet = value.map { comparison.holds($0, bound) } ?? false
        return ThresholdResult(text: text, isMet: isMet, value: value, shown: shown)
    }
}
