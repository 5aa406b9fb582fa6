/// How a measure is distributed, in milliseconds.
package struct Distribution: Sendable, Codable, Equatable {
    /// One percentile, and how sure it is.
    package struct Quantile: Sendable, Codable, Equatable {
        /// 0 to 1.
        package var fraction: Double
        /// nil: withheld, there are fewer values than `needed`.
        package var value: Double?
        package var needed: Int
        /// Ends of the 95 % interval; nil where the run has too few parts to say.
        package var low: Double?
        package var high: Double?
    }

    /// A point of the percentile curve.
    package struct Point: Sendable, Codable, Equatable {
        package var fraction: Double
        package var value: Double
    }

    /// Percentiles that get intervals; of rarer ones the parts have too few values to vary honestly.
    private static let judged = [0.5, 0.9, 0.99]

    package var measure: Measure
    package var definition: String
    package var count: Int
    package var mean: Double
    package var meanLow: Double?
    package var meanHigh: Double?
    package var deviation: Double
    package var least: Double
    package var most: Double
    package var quantiles: [Quantile]
    /// From the least to the most, dense where percentiles are rare.
    package var curve: [Point]

    /// nil when the histogram is empty.
    ///
    /// - Parameter parts: the same measure by stretches, for the intervals; empty: none are given.
    init?(_ measure: Measure, _ histogram: LatencyHistogram, parts: [LatencyHistogram], seed: UInt64) {
        guard let mean = histogram.mean, let deviation = histogram.deviation, let least = histogram.min,
            let most = histogram.max
        else { return nil }
        self.measure = measure
        definition = measure.definition
        count = histogram.count
        self.mean = Double(mean) / 1e6
        self.deviation = Double(deviation) / 1e6
        self.least = Double(least) / 1e6
        self.most = Double(most) / 1e6
        let fractions = Self.judged.filter { histogram.count >= SampleSize.needed(for: $0) }
        let intervals = Bootstrap(parts)?.intervals(fractions, seed: seed)
        quantiles = SampleSize.table.map { row in
            let value = histogram.trustedQuantile(row.fraction).map { Double($0) / 1e6 }
            let interval = fractions.firstIndex(of: row.fraction).flatMap { intervals?[$0] }
            return Quantile(
                fraction: row.fraction, value: value, needed: row.needed, low: interval?.lowerBound,
                high: interval?.upperBound)
        }
        meanLow = intervals?.last?.lowerBound
        meanHigh = intervals?.last?.upperBound
        curve = Self.fractions(for: histogram.count).compactMap { fraction in
            histogram.quantile(fraction).map { Point(fraction: fraction, value: Double($0) / 1e6) }
        }
    }

    /// The percentile, whatever its sample: of the table, else of the curve's next point, which is never too low.
    package func value(at fraction: Double) -> Double? {
        if let known = quantiles.first(where: { abs($0.fraction - fraction) < 1e-9 })?.value { return known }
        return curve.first { $0.fraction >= fraction - 1e-9 }?.value ?? most
    }

    /// Hundredths up to 0.9, then each decade of rarer ones in ninths, as far as there are values.
    private static func fractions(for count: Int) -> [Double] {
        var fractions = (0...90).map { Double($0) / 100 }
        var tail = 0.1
        while tail * Double(count) > 1, tail > 1e-6 {
            for step in 1...9 { fractions.append(1 - tail * (1 - Double(step) / 10)) }
            tail /= 10
        }
        return fractions.filter { (1 - $0) * Double(count) >= 0.999 } + [1]
    }
}
