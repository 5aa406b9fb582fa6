import StokerCore
import Synchronization

/// A function that is asked at each scrape, and what is known about its last run.
final class Collector: Sendable {
    let name: String
    private let body: @Sendable (inout Scrape) throws -> Void
    private let state = Mutex(State())

    struct State: Sendable {
        var duration: Duration?
        var lastSuccess: Timestamp?
        var errors: UInt64 = 0
        /// The last fault in words, for the log of whoever asks.
        var lastError: String?
    }

    init(name: String, body: @escaping @Sendable (inout Scrape) throws -> Void) {
        self.name = name
        self.body = body
    }

    var report: State { state.withLock { $0 } }

    /// Runs the function; what it gave in vain is counted and costs nobody else anything.
    func run(clock: MetricsClock, accept: ([MetricsSnapshot.Family]) throws(MetricsError) -> Void) {
        let begin = clock.monotonic()
        let outcome = Result {
            var scrape = Scrape()
            try body(&scrape)
            try accept(scrape.finished())
        }
        let duration = clock.monotonic() - begin
        let now = clock.wall()
        state.withLock { state in
            state.duration = duration
            switch outcome {
            case .success:
                state.lastSuccess = now
                state.lastError = nil
            case .failure(let error):
                state.errors += 1
                state.lastError = "\(error)"
            }
        }
    }

    /// Counts a run that was left out because the scrape's time was up.
    func skip() {
        state.withLock { state in
            state.errors += 1
            state.lastError = "no time left in this scrape"
        }
    }
}
