import StokerCore
import Synchronization

/// Counts observations by size.
///
/// Get it from a family once, keep it, and observe from anywhere. `+Inf` and `_count` are both the sum of the cells as
/// read, so they agree in every scrape however many threads observe meanwhile. `_sum` may be ahead or behind by the
/// observations that are just being made, and agrees once they are.
package final class Histogram: Instrument {
    /// A fixed number of cells keeps them inside the object: no second allocation, no unsafe pointer.
    private let cells: [25 of Atomic<UInt64>]
    private let sum = AtomicDouble()
    private let edges: [Double]
    private let rejections: Rejections
    /// The latest by bucket; empty until there is one.
    private let exemplars = Mutex<[Int: MetricsSnapshot.Marked]>([:])

    init(buckets: Buckets, rejections: Rejections) {
        edges = buckets.edges
        cells = InlineArray { _ in Atomic(0) }
        self.rejections = rejections
    }

    /// Takes one observation in; a negative or non-finite one is refused and counted.
    package func observe(_ value: Double) {
        guard value.isFinite, value >= 0 else { return rejections.add() }
        cells[bucket(of: value)].add(1, ordering: .relaxed)
        sum.add(value)
    }

    /// Takes one observation in, in seconds.
    package func observe(_ duration: Duration) { observe(duration.inSeconds) }

    /// Takes one observation in and remembers it by name as the latest of its bucket.
    ///
    /// Only for the rare ones that somebody will want to look at, as it allocates. It does not wait: when another
    /// thread is at the exemplars, this one is not kept.
    package func observe(_ value: Double, exemplar: Exemplar?) {
        observe(value)
        guard let exemplar, value.isFinite, value >= 0 else { return }
        let bucket = bucket(of: value)
        _ = exemplars.withLockIfAvailable { $0[bucket] = .init(exemplar: exemplar, value: value) }
    }

    package func reading() -> MetricsSnapshot.Value {
        let counts = (0...edges.count).map { cells[$0].load(ordering: .relaxed) }
        return .histogram(
            .init(edges: edges, counts: counts, sum: sum.value, exemplars: exemplars.withLock { $0 }))
    }

    /// The first bucket whose edge is not below the value; binary search, as the longest set has twenty edges.
    private func bucket(of value: Double) -> Int {
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
