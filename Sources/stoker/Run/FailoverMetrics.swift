import StokerCore
import StokerMetrics

/// What the clock of failover has measured, by model: `stoker_failover_*`.
struct FailoverMetrics: Sendable {
    private let failovers: CounterFamily
    private let detection: HistogramFamily
    private let duration: HistogramFamily
    private let restored: HistogramFamily
    private let lost: CounterFamily
    private let saved: CounterFamily

    init(_ registry: MetricsRegistry) throws(MetricsError) {
        failovers = try registry.counter(
            "stoker_failovers_total", help: "Times that a model lost backends, by what was lost first.",
            labels: ["model", "cause"])
        detection = try registry.histogram(
            "stoker_failover_detection_seconds",
            help: "From the fault, or the last byte of a backend at work, until somebody noticed.",
            labels: ["model"], buckets: .wait)
        duration = try registry.histogram(
            "stoker_failover_duration_seconds", help: "From the same moment until another backend answered a client.",
            labels: ["model"], buckets: .wait)
        restored = try registry.histogram(
            "stoker_failover_restored_seconds", help: "From the same moment until the model was whole again.",
            labels: ["model"], buckets: .endToEnd)
        lost = try registry.counter(
            "stoker_failover_lost_requests_total", help: "Requests that failed or broke off with a lost backend.",
            labels: ["model"])
        saved = try registry.counter(
            "stoker_failover_saved_requests_total",
            help: "Requests that a lost backend had and another answered or continued.", labels: ["model"])
    }

    /// All series of these models exist from now on.
    func follow(_ models: [ModelPlan]) {
        for model in models.map(\.name) {
            for kind in FailoverRecord.Kind.allCases { _ = failovers.with(model, kind.rawValue) }
            for family in [lost, saved] { _ = family.with(model) }
            for family in [detection, duration, restored] { _ = family.with(model) }
        }
    }

    func count(_ record: FailoverRecord) {
        failovers.with(record.model, record.kind.rawValue).increment()
        if record.origin != .detection { detection.with(record.model).observe(.seconds(record.detectedSeconds)) }
        if let seconds = record.servedSeconds { duration.with(record.model).observe(.seconds(seconds)) }
        if let seconds = record.restoredSeconds { restored.with(record.model).observe(.seconds(seconds)) }
        lost.with(record.model).increment(by: record.counts.lost)
        saved.with(record.model).increment(by: record.counts.retried + record.counts.continued)
    }
}
