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

    /// How long the collectors may take: half a second less than the scraper waits, which is ten seconds unless it says
    /// so; at least 100 ms, however impatient it is, at most a minute.
    package var patience: Duration {
        let seconds = timeout.flatMap(Double.init).flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
        return max(.milliseconds(100), .seconds(min(seconds ?? 10, 60)) - .milliseconds(500))
    }

    var wantsGzip: Bool {
        let offers = QualityList(acceptEncoding)
        // Named, it counts whatever the star says (RFC 9110 section 12.5.3).
        let offer = offers.first { $0.name == "gzip" } ?? offers.first { $0.name == "*" }
        return (offer?.quality ?? 0) > 0
    }
}
