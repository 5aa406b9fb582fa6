package import StokerCore
package import StokerMetrics

/// `GET /metrics`: the form and the packing that the scraper asks for, within the time that it waits.
package struct MetricsPage: Sendable {
    /// Takes all metrics in about the given time, leaving out what is not there by then.
    package typealias Source = MetricsEndpoint.Source

    private let endpoint: MetricsEndpoint

    package init(endpoint: MetricsEndpoint) { self.endpoint = endpoint }

    /// Serves what `source` gives.
    package init(startedAt: Timestamp, source: @escaping Source) {
        self.init(endpoint: MetricsEndpoint(startedAt: startedAt, source: source))
    }

    func answer(_ request: AdminRequest) async throws(ControlError) -> AdminResponse {
        let page = await endpoint.answer(
            ScrapeRequest(
                accept: request.headers["accept"], acceptEncoding: request.headers["accept-encoding"],
                timeout: request.headers["x-prometheus-scrape-timeout-seconds"]))
        guard page.status == 200 else {
            throw ControlError(code: .busy, message: "\(MetricsEndpoint.concurrentScrapes) scrapes are under way")
        }
        var headers: [String: String] = [:]
        for header in page.headers where header.name != "Content-Type" { headers[header.name] = header.value }
        return AdminResponse(
            status: page.status, contentType: page.header("Content-Type") ?? "", headers: headers, body: page.body)
    }
}
