/// How late tokens were written, counted in buckets that grow by a quarter: the simulator's own honesty.
package struct Lateness: Sendable, Equatable {
    /// Upper edges in nanoseconds: 10 µs to about a minute.
    private static let edges: [Int64] = (0..<70).map { step in
        (0..<step).reduce(10_000) { edge, _ in edge + edge / 4 }
    }

    private var counts = [UInt64](repeating: 0, count: edges.count + 1)
    private var total: UInt64 = 0
    /// The worst, in nanoseconds.
    package private(set) var most: Int64 = 0

    package init() {}

    package mutating func record(_ nanoseconds: Int64) {
        most = max(most, nanoseconds)
        total += 1
        var low = 0
        var high = Self.edges.count
        while low < high {
            let middle = (low + high) / 2
            if Self.edges[middle] < nanoseconds { low = middle + 1 } else { high = middle }
        }
        counts[low] += 1
    }

    /// An upper bound, at most a quarter too high, of what this share of the tokens kept; 0 when there were none.
    package func quantile(_ share: Double) -> Int64 {
        guard total > 0 else { return 0 }
        let wanted = UInt64((Double(total) * min(max(share, 0), 1)).rounded(.up))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= max(1, wanted) { return index < Self.edges.count ? min(Self.edges[index], most) : most }
        }
        return most
    }
}
