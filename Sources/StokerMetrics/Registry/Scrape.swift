/// What one collector has to say at one scrape.
///
/// Samples are checked as they are given; the first fault is kept, and the whole contribution of the collector is then
/// dropped, so that half a truth is never shown.
package struct Scrape {
    private(set) var families: [String: MetricsSnapshot.Family] = [:]
    private(set) var fault: MetricsError?
    private(set) var seriesCount = 0

    init() {}

    /// A number that only grows, from a source that counts by itself.
    package mutating func counter(
        _ name: String, help: String, _ labels: KeyValuePairs<String, String> = [:], value: Double
    ) {
        guard value.isFinite, value >= 0 else {
            return fail(.badSample(metric: name, reason: "\(value) is not a count"))
        }
        add(name, .counter, help, labels, value)
    }

    /// A number that goes up and down.
    package mutating func gauge(
        _ name: String, help: String, _ labels: KeyValuePairs<String, String> = [:], value: Double
    ) {
        add(name, .gauge, help, labels, value)
    }

    /// Facts in labels; the value is 1.
    package mutating func info(_ name: String, help: String, _ labels: KeyValuePairs<String, String>) {
        add(name, .info, help, labels, 1)
    }

    /// One series per state in a last label `state`; exactly one is 1.
    package mutating func state<State: CaseIterable & RawRepresentable & Equatable>(
        _ name: String, help: String, _ labels: KeyValuePairs<String, String> = [:], is state: State
    ) where State.RawValue == String {
        let names = labels.map(\.key) + ["state"]
        for candidate in State.allCases {
            add(name, .gauge, help, names, labels.map(\.value) + [candidate.rawValue], candidate == state ? 1 : 0)
        }
    }

    private mutating func add(
        _ name: String, _ kind: MetricsSnapshot.Kind, _ help: String, _ labels: KeyValuePairs<String, String>,
        _ value: Double
    ) {
        add(name, kind, help, labels.map(\.key), labels.map(\.value), value)
    }

    private mutating func add(
        _ name: String, _ kind: MetricsSnapshot.Kind, _ help: String, _ labels: [String], _ values: [String],
        _ value: Double
    ) {
        guard fault == nil else { return }
        if families[name] == nil {
            do {
                try MetricName.check(name, kind: kind)
                try MetricName.check(labels: labels, of: name, kind: kind)
            } catch { return fail(error) }
            families[name] = MetricsSnapshot.Family(name: name, help: help, kind: kind, labels: labels)
        }
        guard families[name]?.kind == kind, families[name]?.labels == labels else {
            return fail(.badSample(metric: name, reason: "another kind or other labels than its first sample"))
        }
        seriesCount += 1
        families[name]?.series.append(.init(labels: values.map(LabelValue.clean), value: .number(value)))
    }

    private mutating func fail(_ error: MetricsError) {
        fault = fault ?? error
    }

    /// The families with their series in order, or the fault that spoilt them.
    consuming func finished() throws(MetricsError) -> [MetricsSnapshot.Family] {
        if let fault { throw fault }
        var result: [MetricsSnapshot.Family] = []
        for var family in families.values {
            family.series.sort { $0.labels.lexicographicallyPrecedes($1.labels) }
            let twins = zip(family.series, family.series.dropFirst()).contains { $0.labels == $1.labels }
            if twins { throw .badSample(metric: family.name, reason: "two samples with the same labels") }
            result.append(family)
        }
        return result
    }
}
