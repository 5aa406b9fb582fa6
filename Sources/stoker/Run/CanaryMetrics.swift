import StokerCore
import StokerMetrics
import Synchronization

/// What the control plane says of its canaries.
final class CanaryMetrics: Sendable {
    private let canaries = Mutex<[CanaryStatus]>([])

    init(registry: MetricsRegistry) {
        registry.collect("canaries") { [self] scrape in
            for canary in canaries.withLock({ $0 }) {
                scrape.gauge(
                    "stoker_canary_share", help: "The share of the clients that the model's canary gets.",
                    ["model": canary.model], value: Double(canary.permille) / 1000)
                for (arm, side) in [("canary", canary.canary), ("stable", canary.stable)] {
                    let labels: KeyValuePairs = ["model": canary.model, "arm": arm]
                    scrape.counter(
                        "stoker_canary_first_attempts_total",
                        help: "First attempts of requests in the present run of a canary.", labels,
                        value: Double(side?.firstAttempts ?? 0))
                    scrape.counter(
                        "stoker_canary_first_attempt_failures_total",
                        help: "Those that failed, whatever became of the request.", labels,
                        value: Double(side?.failed ?? 0))
                }
            }
        }
    }

    /// How they stand now.
    func show(_ statuses: [CanaryStatus]) { canaries.withLock { $0 = statuses } }
}
