import StokerMetrics
import StokerStore

/// Tells the metrics how the event store is doing; the two modules know nothing of each other.
enum EventStoreMetrics {
    static func collect(_ store: EventStore, into registry: MetricsRegistry) {
        registry.collect("events") { scrape in
            let report = store.report
            scrape.counter("stoker_events_recorded_total", help: "Events on disk.", value: Double(report.recorded))
            for reason in EventStoreReport.DropReason.allCases {
                scrape.counter(
                    "stoker_events_dropped_total", help: "Events lost.", ["reason": reason.rawValue],
                    value: Double(report.dropped[reason] ?? 0))
            }
            scrape.gauge(
                "stoker_events_queue_depth", help: "Events that wait for the disk.", value: Double(report.queued))
            scrape.gauge(
                "stoker_events_database_bytes", help: "Size of the database of events.",
                value: Double(report.databaseBytes))
            scrape.counter(
                "stoker_events_database_replacements_total", help: "Damaged databases that were moved aside.",
                value: Double(report.replaced))
        }
    }
}
