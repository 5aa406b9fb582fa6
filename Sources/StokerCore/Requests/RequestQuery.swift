/// Which requests to show.
package struct RequestQuery: Sendable, Equatable {
    /// Only finished ones of a larger sequence. One that the gateway has not reached yet is of an earlier gateway, and
    /// holds nothing back.
    package var after: Int64?
    package var model: String?
    package var backend: String?
    /// Only those that failed, so none that are under way.
    package var failed: Bool
    /// The newest this many of the finished, the oldest this many of those under way; 1 to 10,000.
    package var limit: Int

    package init(
        after: Int64? = nil, model: String? = nil, backend: String? = nil, failed: Bool = false, limit: Int = 100
    ) {
        self.after = after
        self.model = model
        self.backend = backend
        self.failed = failed
        self.limit = limit
    }

    /// Whether a finished request is asked for; `after` and `limit` left aside.
    package func matches(_ record: FinishedRequest) -> Bool {
        (model ?? record.model) == record.model && (backend == nil || backend == record.backend)
            && (!failed || record.outcome.isFailure)
    }

    /// Whether a request under way is asked for.
    package func matches(_ live: LiveRequest) -> Bool {
        !failed && (model ?? live.model) == live.model && (backend == nil || backend == live.backend)
    }
}

extension RequestQuery {
    /// Reads the query of `GET /api/v1/requests`: `after`, `model`, `backend`, `failed` (true or false), `limit`.
    ///
    /// Strict: an unknown or repeated name is an error, because a misspelt filter would answer with what was not asked.
    package init(items: [(name: String, value: String)]) throws(ControlError) {
        self.init()
        var seen: Set<String> = []
        for (name, value) in items {
            guard seen.insert(name).inserted else { throw .badQuery("\(name) is given twice") }
            switch name {
            case "after":
                guard let number = Int64(value), number >= 0 else { throw .badQuery("after is not a number: \(value)") }
                after = number
            case "model": model = value
            case "backend": backend = value
            case "failed":
                guard let flag = Bool(value) else { throw .badQuery("failed is neither true nor false: \(value)") }
                failed = flag
            case "limit":
                guard let number = Int(value), (1...10_000).contains(number) else {
                    throw .badQuery("limit is not 1 to 10000")
                }
                limit = number
            default: throw .badQuery("no parameter is named \(name)", hint: "after, model, backend, failed, limit")
            }
        }
    }

    /// The same as a query string; parameters that say nothing are left out.
    package var queryText: String {
        var parts = ["limit=\(limit)"]
        if let after { parts.append("after=\(after)") }
        if let model { parts.append("model=\(model.percentEncoded)") }
        if let backend { parts.append("backend=\(backend.percentEncoded)") }
        if failed { parts.append("failed=true") }
        return parts.joined(separator: "&")
    }
}
