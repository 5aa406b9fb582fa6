/// From when on a run was like itself.
///
/// MSER-5 (White, "An effective truncation heuristic for bias reduction in simulation output", 1997): of all places to
/// cut the beginning off, the one that leaves the mean of the rest with the smallest standard error.
package struct SteadyState: Sendable, Codable, Equatable {
    /// Fewer values cannot tell.
    static let fewest = 20
    /// How many values make one, where there are enough of them.
    static let batch = 5

    /// Where the warm-up ends, counted in values of the series.
    package var start: Int
    /// Whether the series went on changing: no cut in its first half makes the rest steady.
    package var isDrifting: Bool

    package init(start: Int, isDrifting: Bool) {
        self.start = start
        self.isDrifting = isDrifting
    }

    /// nil where the series is too short to tell.
    package static func of(_ series: [Double]) -> SteadyState? {
        guard series.count >= fewest else { return nil }
        let size = series.count >= fewest * batch ? batch : 1
        let batches = stride(from: 0, through: series.count - size, by: size).map { start in
            series[start..<start + size].reduce(0, +) / Double(size)
        }
        let cut = bestCut(batches)
        return SteadyState(start: cut * size, isDrifting: drifts(Array(batches[cut...])))
    }

    private static func bestCut(_ values: [Double]) -> Int {
        var best = (cut: 0, error: Double.infinity)
        var sum = 0.0
        var squares = 0.0
        // From the end, so that each cut costs one addition.
        for cut in values.indices.reversed() {
            sum += values[cut]
            squares += values[cut] * values[cut]
            let count = Double(values.count - cut)
            guard cut <= values.count / 2 else { continue }
            let error = (squares - sum * sum / count) / (count * count)
            if error <= best.error { best = (cut, error) }
        }
        return best.cut
    }

    /// Whether the last third lies elsewhere than the first: by a tenth at least, and by more than chance.
    private static func drifts(_ values: [Double]) -> Bool {
        let third = values.count / 3
        guard third >= 3 else { return false }
        let (early, late) = (spread(values.prefix(third)), spread(values.suffix(third)))
        let distance = abs(late.mean - early.mean)
        let error = ((early.variance + late.variance) / Double(third)).squareRoot()
        return distance > 0.1 * max(abs(early.mean), abs(late.mean)) && distance > 4 * error
    }

    private static func spread(_ values: ArraySlice<Double>) -> (mean: Double, variance: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, squares / Double(max(1, values.count - 1)))
    }
}
