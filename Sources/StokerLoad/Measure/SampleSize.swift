/// How many values a percentile needs before it says more than luck.
///
/// The counts that MLPerf's endpoint harness asks for at 99 % confidence (mlcommons/endpoints,
/// `docs/early_stopping.md`).
package enum SampleSize {
    /// Percentiles that reports show, with the values each needs.
    package static let table: [(fraction: Double, needed: Int)] = [
        (0.5, 11), (0.9, 64), (0.95, 130), (0.99, 662), (0.999, 6636), (0.9999, 66381),
    ]

    /// The fewest values for this fraction, 0 to 1; between the table's rows by the rule they follow.
    package static func needed(for fraction: Double) -> Int {
        if let row = table.first(where: { abs($0.fraction - fraction) < 1e-9 }) { return row.needed }
        // The rarer side decides: p1 is as hard to know as p99.
        let tail = min(max(fraction, 0), max(1 - fraction, 0))
        return tail > 1e-9 ? max(11, Int((6.64 / tail).rounded(.up)) - 2) : 1
    }
}

extension LatencyHistogram {
    /// The quantile where there are enough values to say it.
    package func trustedQuantile(_ fraction: Double) -> Nanoseconds? {
        count >= SampleSize.needed(for: fraction) ? quantile(fraction) : nil
    }
}
