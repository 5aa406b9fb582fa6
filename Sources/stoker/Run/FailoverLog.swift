import StokerContinuity
import StokerCore
import StokerMetrics
import StokerStore

/// What becomes of a measured failover: an event, a row, and numbers.
struct FailoverLog: Sendable {
    private let store: ContinuityStore
    private let metrics: FailoverMetrics
    private let sink: any EventSink
    private let now: @Sendable () -> Timestamp

    init(
        path: String, registry: MetricsRegistry, sink: any EventSink, now: @escaping @Sendable () -> Timestamp
    ) throws(MetricsError) {
        store = ContinuityStore(path: path)
        metrics = try FailoverMetrics(registry)
        self.sink = sink
        self.now = now
    }

    /// These are the models that there are.
    func follow(_ models: [ModelPlan]) { metrics.follow(models) }

    @Sendable func keep(_ record: FailoverRecord) {
        metrics.count(record)
        sink.record(record.event(at: now()))
        store.keep(record) { result in
            guard case .failure(let error) = result else { return }
            // The event has it all; only the history is without it.
            Refusal.note("run", "a failover is not in the history: \(error)")
        }
    }
}
