import StokerCore

/// What a drill leaves beside its record: an event and the metrics.
struct DrillLog: Sendable {
    let metrics: DrillMetrics
    let sink: any EventSink
    let now: @Sendable () -> Timestamp

    @Sendable func keep(_ record: DrillRecord) {
        metrics.note(record)
        sink.record(
            Event(
                time: now(), severity: record.verdict == .pass ? .info : .warning, kind: .drillFinished,
                subject: record.order.targets.joined(separator: ","), message: record.sentence,
                evidence: ["drill \(record.id), by \(record.order.caller.name)"] + record.plan
                    + record.failovers.map { "\($0.model): \($0.sentence)" }))
    }
}
