package import StokerCore
import Synchronization

/// Answers scrapes over any transport: method, negotiation, time limit, compression and the limit on scrapes at once.
package final class MetricsEndpoint: Sendable {
    /// All metrics, in about the given time; what is not there by then is left out.
    package typealias Source = @Sendable (Duration) async -> MetricsSnapshot
    /// The metrics of another process, in about the given time; nil when it has none to give now.
    package typealias ForeignSource = @Sendable (Duration) async -> MetricsSnapshot?

    /// More scrapes at once are refused: each costs a page of memory, and a scraper that piles up gains nothing.
    package static let concurrentScrapes = 4

    private let source: Source
    private let startedAt: Timestamp
    private let clock: MetricsClock
    private let running = Atomic<Int>(0)
    private let renderSeconds = AtomicDouble()

    /// Serves what `source` gives.
    package init(startedAt: Timestamp, clock: MetricsClock = .system, source: @escaping Source) {
        self.source = source
        self.startedAt = startedAt
        self.clock = clock
    }

    /// Serves a registry and, merged into it, what other processes give; a registry has one such endpoint.
    package convenience init(registry: MetricsRegistry, startedAt: Timestamp, merging others: [ForeignSource] = []) {
        let clock = registry.clock
        self.init(startedAt: startedAt, clock: clock) { patience in
            let deadline = clock.monotonic() + patience
            var foreign: [MetricsSnapshot] = []
            // Asked first: they have deadlines of their own, and our collectors get what is left.
            for other in others {
                if let snapshot = await other(max(.zero, deadline - clock.monotonic())) { foreign.append(snapshot) }
            }
            return foreign.reduce(registry.snapshot(deadline: deadline)) { $0.merging($1) }
        }
        registry.collect("page") { [weak self, component = registry.component] scrape in
            guard let self else { return }
            scrape.gauge(
                "stoker_metrics_render_duration_seconds", help: "How long the last page took to write.",
                ["component": component], value: renderSeconds.value)
        }
    }

    /// The answer to one scrape.
    package func answer(_ request: ScrapeRequest) async -> ScrapeResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return .refusal(405, "only GET and HEAD", .init(name: "Allow", value: "GET, HEAD"))
        }
        let (_, count) = running.add(1, ordering: .relaxed)
        defer { running.subtract(1, ordering: .relaxed) }
        guard count <= Self.concurrentScrapes else {
            return .refusal(503, "too many scrapes at once", .init(name: "Retry-After", value: "1"))
        }
        return page(of: await source(request.patience), for: request)
    }

    private func page(of snapshot: MetricsSnapshot, for request: ScrapeRequest) -> ScrapeResponse {
        let begin = clock.monotonic()
        let choice = ExpositionChoice(accept: request.accept)
        var response = ScrapeResponse(
            status: 200,
            headers: [
                .init(name: "Content-Type", value: choice.contentType),
                .init(name: "Vary", value: "Accept, Accept-Encoding"),
                .init(name: "Process-Start-Time-Unix", value: "\(startedAt.milliseconds / 1000)"),
            ],
            body: snapshot.exposition(choice.format))
        if request.wantsGzip, let packed = gzip(response.body) {
            response.headers.append(.init(name: "Content-Encoding", value: "gzip"))
            response.body = packed
        }
        if request.method == "HEAD" { response.body = [] }
        renderSeconds.set((clock.monotonic() - begin).inSeconds)
        return response
    }
}
