package import StokerCore
import Synchronization

/// Keeps events in memory, in order.
package final class RecordingSink: EventSink {
    private let kept = Mutex<[Event]>([])

    package init() {}

    package var events: [Event] { kept.withLock { $0 } }

    package func record(_ event: Event) { kept.withLock { $0.append(event) } }
}
