import Synchronization

package typealias CounterFamily = MetricFamily<Counter>
package typealias GaugeFamily = MetricFamily<Gauge>
package typealias HistogramFamily = MetricFamily<Histogram>

/// One metric: its name, its labels and an instrument for each label set that was asked for.
package final class MetricFamily<Member: Instrument>: Sendable {
    package let name: String
    let help: String
    let kind: MetricsSnapshot.Kind
    let labels: [String]
    let rejections: Rejections
    private let make: @Sendable () -> Member
    private let budget: SeriesBudget
    /// How many series of the exposition one label set costs.
    private let weight: Int
    private let refused = Atomic<UInt64>(0)
    /// Ascending by labels.
    ///
    /// Found by binary search: lookups are rare, as callers keep their handles.
    private let members = Mutex<[Entry]>([])

    private struct Entry: Sendable {
        var labels: [String]
        var member: Member
    }

    init(
        name: String, help: String, kind: MetricsSnapshot.Kind, labels: [String], weight: Int, budget: SeriesBudget,
        rejections: Rejections, make: @escaping @Sendable () -> Member
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.weight = weight
        self.budget = budget
        self.rejections = rejections
        self.make = make
        // What has no labels is known in full, so it is there from the first scrape.
        if labels.isEmpty { _ = with() }
    }

    /// The instrument for these label values, made at the first call.
    ///
    /// Keep it: this takes a lock and allocates.
    ///
    /// When the registry is full, or the number of values is wrong, the series whose labels are all `_other` is given
    /// instead and `stoker_metrics_series_dropped_total` counts it.
    package func with(_ values: String...) -> Member { with(values) }

    /// The instrument for these label values; see `with(_:)`.
    package func with(_ values: [String]) -> Member {
        members.withLock { entries in
            guard values.count == labels.count else { return fold(&entries) }
            let values = values.map(LabelValue.clean)
            let place = Self.place(of: values, in: entries)
            if place < entries.count, entries[place].labels == values { return entries[place].member }
            guard budget.take(weight) else { return fold(&entries) }
            return insert(values, at: place, into: &entries)
        }
    }

    /// Takes a label set out of the exposition.
    ///
    /// Handles to it go on working but nobody sees them any more.
    package func remove(_ values: String...) {
        remove { $0 == values }
    }

    /// Takes out every label set in which this label has this value.
    package func remove(label: String, value: String) {
        guard let index = labels.firstIndex(of: label) else { return }
        remove { $0[index] == value }
    }

    func remove(where isGone: ([String]) -> Bool) {
        members.withLock { entries in
            let before = entries.count
            entries.removeAll { isGone($0.labels) }
            budget.giveBack((before - entries.count) * weight)
        }
    }

    private func fold(_ entries: inout [Entry]) -> Member {
        refused.add(1, ordering: .relaxed)
        let other = labels.map { _ in LabelValue.other }
        let place = Self.place(of: other, in: entries)
        if place < entries.count, entries[place].labels == other { return entries[place].member }
        budget.force(weight)
        return insert(other, at: place, into: &entries)
    }

    private func insert(_ values: [String], at place: Int, into entries: inout [Entry]) -> Member {
        let member = make()
        entries.insert(Entry(labels: values, member: member), at: place)
        return member
    }

    private static func place(of values: [String], in entries: [Entry]) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].labels.lexicographicallyPrecedes(values) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// A family whatever its instruments are: what the registry needs of it.
protocol AnyMetricFamily: Sendable {
    var name: String { get }
    var labels: [String] { get }
    var kind: MetricsSnapshot.Kind { get }
    var rejectedObservations: UInt64 { get }
    var refusedSeries: UInt64 { get }
    func read() -> MetricsSnapshot.Family
    func remove(label: String, value: String)
}

extension AnyMetricFamily {
    /// Two families may not share this name: a counter `x_total` and a gauge `x` are one family in OpenMetrics.
    var openName: String { MetricsSnapshot.Family.openName(name, kind) }
}

extension MetricFamily: AnyMetricFamily {
    var rejectedObservations: UInt64 { rejections.count }
    var refusedSeries: UInt64 { refused.load(ordering: .relaxed) }

    func read() -> MetricsSnapshot.Family {
        // The list is copied under the lock (a reference count), the cells are read outside it: no writer waits.
        let entries = members.withLock { $0 }
        return MetricsSnapshot.Family(
            name: name, help: help, kind: kind, labels: labels,
            series: entries.map { .init(labels: $0.labels, value: $0.member.reading()) })
    }
}
