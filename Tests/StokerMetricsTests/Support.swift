import StokerCore
import StokerMetrics
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A clock that stands still until it is told otherwise.
final class StillClock: Sendable {
    private let time = Mutex(Duration.seconds(100))

    func advance(by duration: Duration) { time.withLock { $0 += duration } }

    var clock: MetricsClock {
        MetricsClock(
            monotonic: { self.time.withLock { $0 } },
            wall: { Timestamp(milliseconds: 1_700_000_000_000) })
    }
}

/// A registry whose clock stands still.
func stillRegistry(seriesLimit: Int = 10_000) -> MetricsRegistry {
    MetricsRegistry(component: "test", seriesLimit: seriesLimit, clock: StillClock().clock)
}

extension MetricsRegistry {
    /// What a scraper would read.
    func page(_ format: ExpositionFormat = .text004) -> String {
        String(decoding: snapshot().exposition(format), as: UTF8.self)
    }

    /// The lines of the page that begin so.
    func lines(_ prefix: String, _ format: ExpositionFormat = .text004) -> [String] {
        page(format).split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }
}

extension MetricsSnapshot {
    /// Without what a registry says about itself, which is not what most tests ask for.
    var withoutSelf: MetricsSnapshot {
        MetricsSnapshot(
            families: families.filter {
                !$0.name.hasPrefix("stoker_metrics_") && !$0.name.hasPrefix("stoker_collector_")
            })
    }
}

/// A file of Tests/Fixtures/metrics.
func fixture(_ name: String) throws -> String {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: folder.appending(path: "Fixtures/metrics/\(name)"), encoding: .utf8)
}

/// States of a thing under test.
enum Light: String, CaseIterable {
    case red, amber, green
}

/// A snapshot with one family of every kind and every difficulty that a label can make.
func everyKind() throws -> MetricsSnapshot {
    let registry = stillRegistry()
    let requests = try registry.counter(
        "stoker_test_requests_total", help: "Finished requests.", labels: ["model", "code"])
    requests.with("deepseek-r1", "200").increment(by: 12)
    requests.with("deepseek-r1", "503").increment()
    requests.with("say \"hi\"\\\nbye", "200").increment(by: 0.5)
    try registry.gauge("stoker_test_queue_depth", help: "Waiting.").with().set(3)
    let extremes = try registry.gauge("stoker_test_extremes", help: "Odd numbers; a \\ and a\nline.", labels: ["of"])
    for (name, value) in [
        ("inf", Double.infinity), ("minus_inf", -.infinity), ("nan", .nan), ("tiny", .leastNonzeroMagnitude),
        ("huge", 1e300),
        ("million", 1_000_000), ("third", 1.0 / 3), ("minus", -2.5),
    ] {
        extremes.with(name).set(value)
    }
    let seconds = try registry.histogram(
        "stoker_test_duration_seconds", help: "How long.", labels: ["route"], buckets: Buckets([0.001, 0.25, 1, 1e6]))
    for value in [0.001, 0.0011, 0.3, 2_000_000] { seconds.with("/v1/completions").observe(value) }
    seconds.with("/v1/chat/completions").observe(0.5, exemplar: .request("req-7"))
    _ = seconds.with("/v1/models")
    try registry.states("stoker_test_light", help: "Which light is on.", labels: ["at"], of: Light.self)
        .with("corner", initial: .red).set(.green)
    registry.collect("facts") { scrape in
        scrape.info("stoker_test_info", help: "Facts.", ["version": "1.2.3", "arch": "x86_64"])
    }
    return registry.snapshot().withoutSelf
}
