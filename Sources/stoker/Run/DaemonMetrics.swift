import StokerCore
import StokerMetrics
import Synchronization

/// What the control plane says of its own config.
final class DaemonMetrics: Sendable {
    private struct Config {
        var digest = "none"
        var acceptedAt = Timestamp(milliseconds: 0)
        var lastLoadWorked = false
    }

    private let config = Mutex(Config())

    init(registry: MetricsRegistry) {
        registry.collect("config") { [self] scrape in
            let config = config.withLock { $0 }
            scrape.gauge(
                "stoker_config_last_reload_successful", help: "1 if the last load or reload of the config worked.",
                value: config.lastLoadWorked ? 1 : 0)
            scrape.gauge(
                "stoker_config_last_reload_success_timestamp_seconds", help: "When a config was last taken into force.",
                value: config.acceptedAt.seconds)
            scrape.info("stoker_config_info", help: "Which config is in force.", ["digest": config.digest])
        }
    }

    /// A config is in force.
    func configAccepted(digest: String, at time: Timestamp) {
        config.withLock { $0 = Config(digest: digest, acceptedAt: time, lastLoadWorked: true) }
    }

    /// A config was refused; the old one stays.
    func configRejected() { config.withLock { $0.lastLoadWorked = false } }
}
