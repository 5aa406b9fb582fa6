package import StokerCore
import Synchronization

/// A scrape, as the transport received it.
package struct ScrapeRequest: Sendable {
    package var method: String
    /// The `Accept` header.
    package var accept: String?
    /// The `Accept-Encoding` header.
    package var acceptEncoding: String?
    /// The `X-Prometheus-Scrape-Timeout-Seconds` header.
    package var timeout: String?

    package init(
        method: String = "GET", accept: String? = nil, acceptEncoding: String? = nil, timeout: String? = nil
    ) {
        self.method = method
        self.accept = accept
        self.acceptEncoding = acceptEncoding
        self.timeout = timeout
    }

    /// How long the whole answer may take: half a second less than the scraper waits, at most the ten seconds of its
    /// default.
    package var patience: Duration {
        guard let timeout, let seconds = Double(timeout), seconds > 0 else { return .seconds(9.5) }
        return .seconds(max(0.1, min(seconds, 10) - 0.5))
    }

    var wantsGzip: Bool {
        QualityList(acceptEncoding).contains { ($0.name == "gzip" || $0.name == "*") && $0.quality > 0 }
    }
}

/// What the transport is to send back.
package struct ScrapeResponse: Sendable, Equatable {
    package var status: Int
    package var headers: [Header]
    /// Empty for HEAD.
    package var body: [UInt8]

    /// One header field.
    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    /// The value of a header field, by its name as written here.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Answers scrapes over any transport: method, negotiation, time limit, compression and the limit on scrapes at once.
package final class MetricsEndpoint: Sendable {
    /// A page that another process contributes, asked for within the given time; nil when it has none to give now.
    package typealias Source = @Sendable (Duration) async -> MetricsSnapshot?

    /// More scrapes at once are refused: each costs a page of memory, and a scraper that piles up gains nothing.
    package static let concurrentScrapes = 4

    private let registry: MetricsRegistry
    private let sources: [Source]
    private let startedAt: Timestamp
    private let renderDuration: Gauge
    private let running = Atomic<Int>(0)

    /// Serves the registry's metrics and, merged into them, those of `sources`.
    ///
    /// - Throws: `MetricsError.duplicate` when the registry has an endpoint already.
    package init(
        registry: MetricsRegistry, startedAt: Timestamp, sources: [Source] = []
    ) throws(MetricsError) {
        self.registry = registry
        self.sources = sources
        self.startedAt = startedAt
        renderDuration = try registry.gauge(
            "stoker_metrics_render_duration_seconds", help: "How long the last page took to write.",
            labels: ["component"]
        ).with(registry.component)
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
        return page(of: await snapshot(within: request.patience), for: request)
    }

    private func snapshot(within patience: Duration) async -> MetricsSnapshot {
        let deadline = registry.clock.monotonic() + patience
        var foreign: [MetricsSnapshot] = []
        for source in sources {
            if let snapshot = await source(max(.zero, deadline - registry.clock.monotonic())) {
                foreign.append(snapshot)
            }
        }
        return foreign.reduce(registry.snapshot(deadline: deadline)) { $0.merging($1) }
    }

    private func page(of snapshot: MetricsSnapshot, for request: ScrapeRequest) -> ScrapeResponse {
        let begin = registry.clock.monotonic()
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
        renderDuration.set((registry.clock.monotonic() - begin).inSeconds)
        return response
    }
}

extension ScrapeResponse {
    fileprivate static func refusal(_ status: Int, _ text: String, _ header: Header) -> ScrapeResponse {
        ScrapeResponse(
            status: status, headers: [.init(name: "Content-Type", value: "text/plain; charset=utf-8"), header],
            body: Array((text + "\n").utf8))
    }
}
