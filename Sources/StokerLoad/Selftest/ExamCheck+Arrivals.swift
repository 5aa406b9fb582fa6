extension ExamCheck {
    /// Whether requests came to the server spaced as planned, by its own clock.
    package static func arrivals(
        _ evidence: ExamEvidence, rate: Double, _ spacing: RateArrival.Spacing
    ) -> [ExamFinding] {
        let arrivals = evidence.ledger.arrivals
        let gaps = zip(arrivals.dropFirst(), arrivals).map { Double($0 - $1) / 1e9 }
        guard gaps.count >= 100, let first = arrivals.first, let last = arrivals.last else {
            return [ExamFinding("arrivals", expected: "hundreds", seen: "\(arrivals.count)", isPassed: false)]
        }
        let seen = Double(gaps.count) / (Double(last - first) / 1e9)
        // A drawn rate strays by 1/√n of itself, at 99.7 % confidence by three times that.
        let slack = spacing == .constant ? 0.005 : 3 / Double(gaps.count).squareRoot() * relativeDeviation(spacing)
        let mean = ExamFinding(
            "arrivals a second at the server", expected: "\(LiveText.rate(rate)) ± \(Figure.short(slack * 100)) %",
            seen: Figure.fixed(seen, 2), isPassed: abs(seen - rate) <= slack * rate)
        return [mean, shape(gaps, rate: rate, spacing)]
    }

    /// Gaps against their law: for constant ones how far they stray, for Poisson the distance of Kolmogorov and
    /// Smirnov, for gamma the deviation relative to the mean.
    private static func shape(_ gaps: [Double], rate: Double, _ spacing: RateArrival.Spacing) -> ExamFinding {
        switch spacing {
        case .constant:
            let stray = deviation(gaps)
            return ExamFinding(
                "gaps stray by", expected: "at most 2.5 ms", seen: LiveText.latency(Nanoseconds(stray * 1e9)),
                isPassed: stray <= 0.0025)
        case .poisson:
            let distance = Kolmogorov.distance(gaps, from: { 1 - exponential(-$0 * rate) })
            // 1.63/√n at 99 %; what a millisecond of jitter at either end adds at this rate is on top.
            let bar = 1.63 / Double(gaps.count).squareRoot() + 0.001 * rate * 0.25
            return ExamFinding(
                "distance from the exponential law", expected: "at most \(Figure.fixed(bar, 3))",
                seen: Figure.fixed(distance, 3), isPassed: distance <= bar)
        case .gamma:
            let expected = relativeDeviation(spacing)
            let seen = deviation(gaps) * rate
            return ExamFinding(
                "deviation of gaps by their mean", expected: "\(Figure.fixed(expected, 2)) ± 20 %",
                seen: Figure.fixed(seen, 2), isPassed: abs(seen - expected) <= 0.2 * expected)
        }
    }

    private static func relativeDeviation(_ spacing: RateArrival.Spacing) -> Double {
        switch spacing {
        case .constant: 0
        case .poisson: 1
        case .gamma(let burstiness): 1 / burstiness.squareRoot()
        }
    }

    private static func deviation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    }

    /// e to the power of `x` ≤ 0, by halving the exponent and squaring: the library's would bring Foundation.
    private static func exponential(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        let small = x / 1024
        let series = 1 + small * (1 + small / 2 * (1 + small / 3 * (1 + small / 4)))
        return (0..<10).reduce(series) { power, _ in power * power }
    }
}
