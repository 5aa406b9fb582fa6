/// What the gateway is doing and has done lately: the body of `GET /api/v1/requests`.
package struct RequestPage: Sendable, Equatable, Codable {
    /// The newest sequence there is, whether it is on this page or not: as `after` it asks for what comes next.
    package var next: Int64
    /// Finished requests, newest last.
    package var requests: [FinishedRequest]
    /// Requests under way, oldest first.
    package var live: [LiveRequest]
    /// How many requests are under way; more than `live` holds when the page was cut.
    package var inFlight: Int
    /// As the gateway experiences them, in the order of its table.
    package var backends: [BackendStatus]

    /// A page; `inFlight` is the number of `live` unless that was cut.
    package init(
        next: Int64 = 0, requests: [FinishedRequest] = [], live: [LiveRequest] = [], inFlight: Int? = nil,
        backends: [BackendStatus] = []
    ) {
        self.next = next
        self.requests = requests
        self.live = live
        self.inFlight = inFlight ?? live.count
        self.backends = backends
    }

    /// The page's live part for a query: what matches, oldest first, at most as many as asked for.
    package mutating func take(live all: [LiveRequest], for query: RequestQuery) {
        let matching = all.filter(query.matches)
        inFlight = matching.count
        live = Array(matching.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }.prefix(query.limit))
    }
}
