import Dispatch
package import StokerCore
import Synchronization

/// Keeps events on disk, bounded by age and size.
///
/// It never blocks and never fails whoever records: events wait in a bounded queue for a thread of the store, which
/// writes them in batches. What cannot be kept is counted by reason.
package final class EventStore: EventSink {
    private let backlog = Mutex(EventBacklog())
    let journal: Mutex<EventJournal>
    private let lastReport = Mutex(EventStoreReport())
    /// The only place where the journal is touched, so that its lock is never waited for.
    let queue = DispatchQueue(label: "stoker.events", qos: .utility)

    /// Begins to keep events in the file at `path`, which is made when there is none.
    ///
    /// The directory must exist.
    ///
    /// A file that cannot be opened is no error here: events are counted as lost until it can be, and `report` says
    /// why.
    package init(path: String, retention: EventRetention, now: @escaping @Sendable () -> Timestamp) {
        journal = Mutex(EventJournal(path: path, retention: retention, now: now))
    }

    /// Queues an event; its texts are cut to 4 KiB each and its evidence to 64 KiB.
    package func record(_ event: Event) {
        let event = event.bounded
        if backlog.withLock({ $0.add(event) }) {
            queue.async { self.drain() }
        }
    }

    /// The events that fit, newest last; all that were recorded before the call are among them.
    package func events(_ query: EventQuery) async throws(EventStoreError) -> [Event] {
        let result = await onQueue { store in
            store.drain()
            return store.journal.withLock { journal in
                Result { () throws(EventStoreError) in try journal.events(query) }
            }
        }
        return try result.get()
    }

    /// How the store is doing, as of its last write; safe to ask in a scrape, as it waits for no disk.
    package var report: EventStoreReport {
        var report = lastReport.withLock { $0 }
        backlog.withLock { backlog in
            report.dropped = backlog.dropped
            report.queued = backlog.count
        }
        return report
    }

    /// Writes what waits and closes the file; later events are counted as lost.
    package func close() async {
        backlog.withLock { $0.close() }
        await onQueue { store in
            store.drain()
            store.journal.withLock { $0.close() }
        }
    }

    func onQueue<Value: Sendable>(_ work: @escaping @Sendable (EventStore) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work(self)) }
        }
    }

    private func drain() {
        while true {
            let batch = backlog.withLock { $0.take() }
            if batch.isEmpty { return }
            let (outcome, report) = journal.withLock { ($0.write(batch), $0.report) }
            lastReport.withLock { $0 = report }
            switch outcome {
            case .written(let lost):
                if lost > 0 { backlog.withLock { $0.drop(lost, .diskFull) } }
            case .dropped(let reason):
                backlog.withLock { $0.drop(batch.count, reason) }
            case .busy:
                return backlog.withLock { $0.putBack(batch) }
            }
        }
    }
}
