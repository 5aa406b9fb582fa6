import Synchronization

/// Holds every metric of this process.
///
/// Safe from any thread; a mistake in a metric is thrown and never traps.
///
/// What is known in advance is registered once and written through handles (`counter`, `gauge`, `histogram`, `states`);
/// what must be looked up is asked at each scrape (`collect`).
package final class MetricsRegistry: Sendable {
    /// Who speaks, for the registry's metrics about itself: they exist in every process whose page is merged into one.
    package let component: String
    let clock: MetricsClock
    let budget: SeriesBudget
    private let state = Mutex(State())

    private struct State: Sendable {
        /// In the order of registration, as the snapshot sorts anyway.
        var families: [any AnyMetricFamily] = []
        /// In the order of registration.
        var collectors: [Collector] = []
    }

    package init(component: String = "control-plane", seriesLimit: Int = 10_000, clock: MetricsClock = .system) {
        self.component = component
        self.clock = clock
        budget = SeriesBudget(limit: seriesLimit)
    }

    /// A number that only grows; the name ends in `_total`.
    package func counter(
        _ name: String, help: String, labels: [String] = []
    ) throws(MetricsError) -> CounterFamily {
        let rejections = Rejections()
        return try register(name, help, .counter, labels, rejections: rejections) { Counter(rejections: rejections) }
    }

    /// A number that goes up and down.
    package func gauge(_ name: String, help: String, labels: [String] = []) throws(MetricsError) -> GaugeFamily {
        try register(name, help, .gauge, labels, rejections: Rejections()) { Gauge() }
    }

    /// Observations by size; each label set costs a series per edge and three more.
    package func histogram(
        _ name: String, help: String, labels: [String] = [], buckets: Buckets
    ) throws(MetricsError) -> HistogramFamily {
        if let fault = buckets.fault { throw .badBuckets(metric: name, reason: fault) }
        let rejections = Rejections()
        return try register(
            name, help, .histogram, labels, weight: buckets.edges.count + 3, rejections: rejections
        ) { Histogram(buckets: buckets, rejections: rejections) }
    }

    /// Durations by size, each writer in cells of its own; see `ShardedHistogram`.
    package func shardedHistogram(
        _ name: String, help: String, labels: [String] = [], buckets: Buckets
    ) throws(MetricsError) -> ShardedHistogramFamily {
        if let fault = buckets.fault { throw .badBuckets(metric: name, reason: fault) }
        return try register(
            name, help, .histogram, labels, weight: buckets.edges.count + 3, rejections: Rejections()
        ) { ShardedHistogram(buckets: buckets) }
    }

    /// Which of several states holds, in a last label `state` that is added to `labels`.
    package func states<Value: CaseIterable & RawRepresentable & Hashable & Sendable>(
        _ name: String, help: String, labels: [String] = [], of type: Value.Type
    ) throws(MetricsError) -> StateFamily<Value> where Value.RawValue == String {
        try check(name, .gauge, labels + ["state"])
        let cells = MetricFamily<StateCell>(
            name: name, help: help, kind: .gauge, labels: labels, weight: Value.allCases.count, budget: budget,
            rejections: Rejections()
        ) { StateCell() }
        let family = StateFamily<Value>(cells: cells)
        try add(family)
        return family
    }

    /// Asks `collector` at each scrape.
    ///
    /// It must not block: what is slow runs on its own clock and leaves a value to fetch.
    ///
    /// If it throws, or gives a sample that is wrong, its samples of this scrape are left out and
    /// `stoker_collector_errors_total` counts it; everything else is served.
    package func collect(_ name: String, _ collector: @escaping @Sendable (inout Scrape) throws -> Void) {
        state.withLock { $0.collectors.append(Collector(name: name, body: collector)) }
    }

    /// Takes every series out in which this label has this value: for a process or model that left the config.
    package func remove(label: String, value: String) {
        for family in families { family.remove(label: label, value: value) }
    }

    var families: [any AnyMetricFamily] { state.withLock { $0.families } }
    var collectors: [Collector] { state.withLock { $0.collectors } }

    private func register<Member: Instrument>(
        _ name: String, _ help: String, _ kind: MetricsSnapshot.Kind, _ labels: [String], weight: Int = 1,
        rejections: Rejections, make: @escaping @Sendable () -> Member
    ) throws(MetricsError) -> MetricFamily<Member> {
        try check(name, kind, labels)
        let family = MetricFamily(
            name: name, help: help, kind: kind, labels: labels, weight: weight, budget: budget, rejections: rejections,
            make: make)
        try add(family)
        return family
    }

    private func check(_ name: String, _ kind: MetricsSnapshot.Kind, _ labels: [String]) throws(MetricsError) {
        try MetricName.check(name, kind: kind)
        try MetricName.check(labels: labels, of: name, kind: kind)
    }

    private func add(_ family: any AnyMetricFamily) throws(MetricsError) {
        let isNew = state.withLock { state in
            if state.families.contains(where: { $0.openName == family.openName }) { return false }
            state.families.append(family)
            return true
        }
        if !isNew { throw .duplicate(family.name) }
    }
}
