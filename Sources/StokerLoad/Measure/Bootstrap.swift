internal import StokerCore

/// How much a figure would vary, had the run been another one of its kind: parts of it drawn again and again.
///
/// Whole parts are drawn, not requests: neighbours share a queue, and pretending that they do not makes intervals many
/// times too narrow. Percentiles are taken from the merged counts of each draw, never averaged.
package struct Bootstrap {
    /// Fewer parts say nothing about how parts vary.
    package static let fewestParts = 5
    package static let draws = 1000

    /// Upper edges of the slots in use, in milliseconds.
    private let values: [Double]
    /// For each part: how many of its values lie in the slots up to each one.
    private let cumulative: [[Int]]
    private let sums: [Double]

    /// nil where too few parts have values.
    package init?(_ parts: [LatencyHistogram]) {
        let parts = parts.filter { !$0.isEmpty }
        guard parts.count >= Self.fewestParts else { return nil }
        var all = LatencyHistogram()
        for part in parts { all.add(part) }
        let used = all.slots.indices.filter { all.slots[$0] > 0 }.map { $0 + all.firstSlot }
        values = used.map { Double(HDRLayout.highest(of: $0)) / 1000 }
        sums = parts.map { $0.sum / 1000 }
        cumulative = parts.map { part in
            var seen = 0
            return used.map { slot in
                let index = slot - part.firstSlot
                if part.slots.indices.contains(index) { seen += Int(part.slots[index]) }
                return seen
            }
        }
    }

    /// One figure for each draw: the quantiles, then the mean.
    package func draw(_ quantiles: [Double], times: Int = draws, seed: UInt64) -> [[Double]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<times).map { _ in
            var weights = [Int](repeating: 0, count: cumulative.count)
            for _ in cumulative { weights[Int(generator.next() % UInt64(cumulative.count))] += 1 }
            let drawn = weights.indices.filter { weights[$0] > 0 }
            let count = drawn.reduce(0) { $0 + weights[$1] * (cumulative[$1].last ?? 0) }
            let sum = drawn.reduce(0.0) { $0 + Double(weights[$1]) * sums[$1] }
            return quantiles.map { quantile($0, of: count, drawn, weights) } + [sum / Double(max(1, count))]
        }
    }

    /// The 95 % intervals of the quantiles, then of the mean, in milliseconds.
    package func intervals(_ quantiles: [Double], times: Int = draws, seed: UInt64) -> [ClosedRange<Double>] {
        let figures = draw(quantiles, times: times, seed: seed)
        return (0...quantiles.count).map { column in Self.middle(figures.map { $0[column] }) }
    }

    /// Where the middle 95 % lie.
    package static func middle(_ figures: [Double]) -> ClosedRange<Double> {
        let sorted = figures.sorted()
        guard !sorted.isEmpty else { return 0...0 }
        let cut = Int(Double(sorted.count) * 0.025)
        return sorted[cut]...sorted[sorted.count - 1 - cut]
    }

    private func quantile(_ fraction: Double, of count: Int, _ drawn: [Int], _ weights: [Int]) -> Double {
        let rank = max(1, Int((fraction.nextDown * Double(count)).rounded(.up)))
        var low = 0
        var high = values.count - 1
        while low < high {
            let middle = (low + high) / 2
            var seen = 0
            for part in drawn { seen += weights[part] * cumulative[part][middle] }
            if seen >= rank { high = middle } else { low = middle + 1 }
        }
        return values[low]
    }
}
