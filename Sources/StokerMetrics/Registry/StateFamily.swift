import Synchronization

/// Shows which of several states holds: one series per state in the label `state`, and exactly one of them is 1 in
/// every scrape, because the state is one cell and the series are made from it.
package final class StateFamily<State: CaseIterable & RawRepresentable & Hashable & Sendable>: Sendable
where State.RawValue == String {
    private let cells: MetricFamily<StateCell>

    init(cells: MetricFamily<StateCell>) { self.cells = cells }

    /// The cell for these values of the labels before `state`.
    ///
    /// Keep it.
    package func with(_ values: String..., initial: State) -> StateGauge<State> {
        let gauge = StateGauge<State>(cell: cells.with(values))
        gauge.set(initial)
        return gauge
    }

    /// Takes a label set out of the exposition.
    package func remove(_ values: String...) { cells.remove { $0 == values } }
}

/// The state of one thing, written from anywhere.
package struct StateGauge<State: CaseIterable & RawRepresentable & Hashable & Sendable>: Sendable
where State.RawValue == String {
    fileprivate let cell: StateCell

    /// Makes this state the one that holds.
    package func set(_ state: State) {
        for (index, candidate) in State.allCases.enumerated() where candidate == state { cell.set(index) }
    }
}

/// The index of the state that holds.
final class StateCell: Instrument {
    private let index = Atomic<Int>(0)

    func set(_ value: Int) { index.store(value, ordering: .relaxed) }

    func reading() -> MetricsSnapshot.Value { .number(Double(index.load(ordering: .relaxed))) }
}

extension StateFamily: AnyMetricFamily {
    var name: String { cells.name }
    var labels: [String] { cells.labels + ["state"] }
    var kind: MetricsSnapshot.Kind { .gauge }
    var rejectedObservations: UInt64 { 0 }
    var refusedSeries: UInt64 { cells.refusedSeries }

    func remove(label: String, value: String) { cells.remove(label: label, value: value) }

    func read() -> MetricsSnapshot.Family {
        var family = cells.read()
        family.labels = labels
        family.series = family.series.flatMap { series in
            State.allCases.enumerated().map { index, state in
                MetricsSnapshot.Series(
                    labels: series.labels + [state.rawValue],
                    value: .number(series.value == .number(Double(index)) ? 1 : 0))
            }
            .sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        }
        return family
    }
}
