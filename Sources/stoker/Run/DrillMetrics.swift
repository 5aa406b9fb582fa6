import StokerCore
import StokerMetrics
import Synchronization

/// When the last drills were, so that an alert can say that one is due.
final class DrillMetrics: Sendable {
    private struct State {
        var last: [DrillOrder.Kind: Timestamp] = [:]
        var lastPassed: [DrillOrder.Kind: Timestamp] = [:]
        var policy = DrillPolicy()
    }

    private let state = Mutex(State())

    /// - Parameter history: what was done before this start, newest first.
    init(_ registry: MetricsRegistry, history: [DrillRecord]) {
        for record in history.reversed() { note(record) }
        registry.collect("drills") { [self] scrape in
            let state = state.withLock { $0 }
            for kind in DrillOrder.Kind.allCases {
                scrape.gauge(
                    "stoker_drill_last_timestamp_seconds", help: "When the last drill ended; 0: never.",
                    ["kind": kind.rawValue], value: state.last[kind]?.seconds ?? 0)
                scrape.gauge(
                    "stoker_drill_last_success_timestamp_seconds",
                    help: "When the last drill that passed ended; 0: never.",
                    ["kind": kind.rawValue], value: state.lastPassed[kind]?.seconds ?? 0)
            }
            scrape.gauge(
                "stoker_drill_every_seconds", help: "How old the last drill that passed may be, by the config.",
                value: state.policy.every.inSeconds)
            scrape.gauge(
                "stoker_drill_rto_objective_seconds", help: "What a drill must keep, by the config.",
                value: state.policy.rto.inSeconds)
        }
    }

    func follow(_ policy: DrillPolicy) { state.withLock { $0.policy = policy } }

    func note(_ record: DrillRecord) {
        guard let endedAt = record.endedAt else { return }
        state.withLock { state in
            state.last[record.order.kind] = endedAt
            if record.verdict == .pass { state.lastPassed[record.order.kind] = endedAt }
        }
    }
}
