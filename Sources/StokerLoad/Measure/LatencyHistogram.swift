internal import Histogram

/// Counts of durations, exact to three significant digits from 1 µs to 1 h: adding two is the same as having recorded
/// into one, which averages of percentiles never are.
package struct LatencyHistogram: Sendable {
    /// Beyond it everything counts as this.
    package static let highest: Nanoseconds = 3_600_000_000_000

    private var counts: Histogram<UInt32>
    /// In microseconds; for a mean that does not depend on bucket edges.
    private var sum = 0.0

    package init() { counts = Histogram(numberOfSignificantValueDigits: .three) }

    package var count: Int { Int(clamping: counts.totalCount) }
    package var isEmpty: Bool { counts.totalCount == 0 }

    /// Takes one value in; a negative one counts as 0.
    package mutating func record(_ value: Nanoseconds) {
        let microseconds = UInt64(Swift.min(Swift.max(0, value), Self.highest)) / 1000
        counts.record(microseconds)
        sum += Double(microseconds)
    }

    /// Takes in all that another one counted.
    package mutating func add(_ other: LatencyHistogram) {
        guard !other.isEmpty else { return }
        counts.add(other.counts)
        sum += other.sum
    }

    /// The value that `fraction` (0 to 1) of all values do not exceed; nil when there are none.
    package func quantile(_ fraction: Double) -> Nanoseconds? {
        isEmpty ? nil : Nanoseconds(clamping: counts.valueAtPercentile(fraction * 100)) * 1000
    }

    package var mean: Nanoseconds? { isEmpty ? nil : Nanoseconds(sum / Double(count) * 1000) }
    package var max: Nanoseconds? { isEmpty ? nil : Nanoseconds(clamping: counts.maxRecorded) * 1000 }
    package var min: Nanoseconds? { isEmpty ? nil : Nanoseconds(clamping: counts.min) * 1000 }
}
