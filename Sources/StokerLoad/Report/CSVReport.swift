/// Tables for spreadsheets (RFC 4180).
package enum CSVReport {
    /// One row a measure, in milliseconds; what is withheld is empty.
    package static func measures(_ report: LoadReport) -> String {
        let names = SampleSize.table.map { "p\(Figure.short($0.fraction * 100))" }
        var head = ["measure", "count", "mean", "deviation", "min"]
        head += names.flatMap { [$0, $0 + "_low", $0 + "_high"] } + ["max", "definition"]
        let rows = report.distributions.map { distribution in
            var row = [distribution.measure.rawValue, "\(distribution.count)"]
            row += [distribution.mean, distribution.deviation, distribution.least].map { number($0) }
            row += distribution.quantiles.flatMap { [number($0.value), number($0.low), number($0.high)] }
            return row + [number(distribution.most), distribution.definition]
        }
        return text([head] + rows)
    }

    /// One row a bin of the timeline.
    package static func timeline(_ report: LoadReport) -> String {
        let head = [
            "start_s", "length_s", "scheduled", "sent", "ok", "bad", "tokens", "in_flight", "ttft_mean_ms",
            "ttft_median_ms", "gap_mean_ms",
        ]
        let length = Double(report.timeline.binLength) / 1e9
        let rows = report.timeline.bins.enumerated().map { index, bin in
            [number(Double(index) * length), number(length)]
                + [bin.scheduled, bin.sent, bin.ok, bin.bad, bin.tokens, bin.inFlight].map { "\($0)" }
                + [bin.ttftMean, bin.ttftMedian, bin.gapMean].map { number($0) }
        }
        return text([head] + rows)
    }

    private static func number(_ value: Double?) -> String { value.map { Figure.plain($0, 3) } ?? "" }

    private static func text(_ rows: [[String]]) -> String {
        rows.map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func quoted(_ field: String) -> String {
        guard field.contains(where: { ",\"\r\n".contains($0) }) else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
