package import StokerCore
package import StokerMetrics

/// `GET /metrics`: the form and the packing that the scraper asks for, within the time that it waits.
package struct MetricsPage: Sendable {
    /// Takes all metrics in about the given time, leaving out what is not there by then.
    package typealias Source = @Sendable (_ budget: Duration) async -> MetricsSnapshot

    /// What Prometheus waits by default.
    private static let usualTimeout = Duration.seconds(10)
    /// Kept back for writing, packing and the way, of the time that the scraper waits.
    private static let reserve = Duration.milliseconds(500)

    private let source: Source
    private let startedAt: Timestamp
    /// As many as promhttp's default advice: scrapers come every 15 s, so more at once is a loop gone wild.
    private let admission = Admission(limit: 4)

    package init(startedAt: Timestamp, source: @escaping Source) {
        self.source = source
        self.startedAt = startedAt
    }

    func answer(_ request: AdminRequest) async throws(ControlError) -> AdminResponse {
        let budget = Self.budget(scrapeTimeout: request.headers["x-prometheus-scrape-timeout-seconds"])
        let response = await admission.admit {
            let snapshot = await source(budget)
            return page(snapshot, for: request)
        }
        guard let response else { throw ControlError(code: .busy, message: "4 scrapes are under way") }
        return response
    }

    private func page(_ snapshot: MetricsSnapshot, for request: AdminRequest) -> AdminResponse {
        let choice = ExpositionChoice(accept: request.headers["accept"])
        var response = AdminResponse(
            status: 200, contentType: choice.contentType,
            headers: [
                "Vary": "Accept, Accept-Encoding", "Process-Start-Time-Unix": "\(startedAt.milliseconds / 1000)",
            ],
            body: snapshot.exposition(choice.format))
        if Self.allowsGzip(request.headers["accept-encoding"]), let packed = gzip(response.body) {
            response.body = packed
            response.headers["Content-Encoding"] = "gzip"
        }
        return response
    }

    /// How long the collectors may take; at least 100 ms, however impatient the scraper, at most a minute.
    static func budget(scrapeTimeout: String?) -> Duration {
        let seconds = scrapeTimeout.flatMap(Double.init).flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
        let timeout = seconds.map { Duration.seconds(min($0, 60)) } ?? usualTimeout
        return max(.milliseconds(100), timeout - reserve)
    }

    /// RFC 9110, 12.5.3, for the one coding that we have.
    static func allowsGzip(_ acceptEncoding: String?) -> Bool {
        for element in (acceptEncoding ?? "").lowercased().split(separator: ",") {
            let parts = element.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            guard let name = parts.first, name == "gzip" || name == "*" else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
            return (quality ?? 1) > 0
        }
        return false
    }
}
