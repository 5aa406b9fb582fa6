/// What changed between two runs, and whether it is more than runs vary.
package struct Comparison: Sendable, Equatable {
    /// A figure of both runs.
    package struct Row: Sendable, Equatable {
        /// What the difference is worth.
        package enum Judgement: String, Sendable {
            case beyondNoise = "beyond noise"
            case withinNoise = "within noise"
            /// The runs are too short to say how they vary.
            case unknown = "no interval"
        }

        /// Such as `ttft p99`.
        package var name: String
        package var unit: String
        package var before: Double
        package var after: Double
        /// The difference as a share of `before`, with its 95 % interval.
        package var change: Double
        package var low: Double?
        package var high: Double?

        package var judgement: Judgement {
            guard let low, let high else { return .unknown }
            return low > 0 || high < 0 ? .beyondNoise : .withinNoise
        }
    }

    package var before: LoadReport
    package var after: LoadReport
    /// Why the runs are not comparable; empty: they are.
    package var obstacles: [String]
    package var rows: [Row]

    /// Compares two runs; what is not comparable is compared as well, and said.
    package init(before: LoadReport, after: LoadReport) {
        self.before = before
        self.after = after
        obstacles = Self.obstacles(before, after)
        rows = Self.measures.flatMap { Self.rows(of: $0, before, after) } + Self.rates(before, after)
    }

    private static let measures: [Measure] = [.ttft, .ttftService, .tpot, .icl, .e2e]

    /// The lines that forbid a comparison.
    private static func obstacles(_ before: LoadReport, _ after: LoadReport) -> [String] {
        let (left, right) = (before.plan, after.plan)
        var lines: [String] = []
        func same<Value: Equatable>(_ what: String, _ value: (LoadReport) -> Value, _ text: (Value) -> String) {
            let pair = (value(before), value(after))
            if pair.0 != pair.1 { lines.append("\(what): \(text(pair.0)) and \(text(pair.1))") }
        }
        same("definitions", \.definitionVersion) { "\($0)" }
        same("endpoint", \.plan.endpoint) { $0.rawValue }
        same("model", \.plan.model) { $0.isEmpty ? "none" : $0 }
        same("dataset", \.plan.dataset) { $0 }
        same("load", \.plan.arrival) { $0 }
        same("keeping caches out", \.plan.bustsCache) { $0 ? "yes" : "no" }
        if left.isStreamed != right.isStreamed { lines.append("one of them streams its answers") }
        lines += drift("prompts", before.tokens.meanInput, after.tokens.meanInput)
        lines += drift("answers", before.tokens.meanOutput, after.tokens.meanOutput)
        for (report, name) in [(before, "the first run"), (after, "the second run")]
        where report.verdict.level != .valid {
            lines.append("\(name)'s measurement is \(report.verdict.level.rawValue)")
        }
        return lines
    }

    private static func drift(_ what: String, _ before: Double?, _ after: Double?) -> [String] {
        guard let before, let after, before > 0 else { return [] }
        let change = after / before - 1
        guard abs(change) > 0.02 else { return [] }
        return [
            "\(what) of \(Figure.significant(before)) and \(Figure.significant(after)) tokens: more than 2% apart"
        ]
    }

    private static func rows(of measure: Measure, _ before: LoadReport, _ after: LoadReport) -> [Row] {
        guard let left = before.distribution(of: measure), let right = after.distribution(of: measure) else {
            return []
        }
        let fractions = [0.5, 0.9, 0.99].filter { fraction in
            [left, right].allSatisfy { $0.count >= SampleSize.needed(for: fraction) }
        }
        let intervals = intervals(fractions, measure, before, after)
        let figures = fractions.map { ("p" + Figure.short($0 * 100), left.value(at: $0), right.value(at: $0)) }
        let all = figures + [("mean", left.mean, right.mean)]
        return all.enumerated().compactMap { index, figure in
            guard let first = figure.1, let second = figure.2, first > 0 else { return nil }
            let interval = intervals?[index]
            return Row(
                name: "\(measure.rawValue) \(figure.0)", unit: "ms", before: first, after: second,
                change: second / first - 1, low: interval?.lowerBound, high: interval?.upperBound)
        }
    }

    /// The 95 % intervals of the changes: each run's parts are drawn anew, by themselves.
    private static func intervals(
        _ fractions: [Double], _ measure: Measure, _ before: LoadReport, _ after: LoadReport
    ) -> [ClosedRange<Double>]? {
        guard let left = Bootstrap(before.histograms(of: measure)), let right = Bootstrap(after.histograms(of: measure))
        else { return nil }
        // Other draws for each, or equal runs would always agree.
        let pairs = zip(left.draw(fractions, seed: before.plan.seed), right.draw(fractions, seed: ~after.plan.seed))
        let changes = pairs.map { pair in zip(pair.0, pair.1).map { $0 > 0 ? $1 / $0 - 1 : 0 } }
        return (0...fractions.count).map { column in Bootstrap.middle(changes.map { $0[column] }) }
    }

    private static func rates(_ before: LoadReport, _ after: LoadReport) -> [Row] {
        let figures: [(String, String, (LoadReport.Rates) -> Double)] = [
            ("requests", "/s", \.requests), ("output tokens", "/s", \.outputTokens), ("goodput", "/s", \.goodput),
        ]
        return figures.compactMap { name, unit, value in
            let (first, second) = (value(before.rates), value(after.rates))
            guard first > 0 else { return nil }
            return Row(name: name, unit: unit, before: first, after: second, change: second / first - 1)
        }
    }
}

extension LoadReport {
    /// The measure by stretches; those that cannot be read are left out.
    func histograms(of measure: Measure) -> [LatencyHistogram] {
        parts.compactMap { part in
            guard let text = part.histograms[measure.rawValue] else { return nil }
            do {
                return try HistogramCodec.histogram(of: text)
            } catch { return nil }
        }
    }
}
