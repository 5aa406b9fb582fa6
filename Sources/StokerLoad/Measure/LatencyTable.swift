/// A histogram for each measure, found by position: a dictionary's hashing would cost more than the counting.
package struct LatencyTable: Sendable, Equatable {
    private var histograms = [LatencyHistogram](repeating: LatencyHistogram(), count: Measure.allCases.count)

    package init() {}

    /// The histogram of a measure, empty when nothing was recorded.
    package subscript(_ measure: Measure) -> LatencyHistogram {
        get { histograms[measure.position] }
        set { histograms[measure.position] = newValue }
    }

    /// Takes one value in, in place.
    package mutating func record(_ value: Nanoseconds, as measure: Measure) {
        histograms[measure.position].record(value)
    }

    /// Takes in all that another table counted.
    package mutating func add(_ other: LatencyTable) {
        for index in histograms.indices { histograms[index].add(other.histograms[index]) }
    }

    /// Bytes of all slots.
    package var footprint: Int { histograms.reduce(0) { $0 + $1.footprint } }
}

extension Measure {
    /// Its place in the order of the cases.
    var position: Int {
        switch self {
        case .ttft: 0
        case .ttftService: 1
        case .ttfo: 2
        case .ttfb: 3
        case .sendLag: 4
        case .connect: 5
        case .icl: 6
        case .tpot: 7
        case .ntpot: 8
        case .e2e: 9
        case .e2eService: 10
        }
    }
}
