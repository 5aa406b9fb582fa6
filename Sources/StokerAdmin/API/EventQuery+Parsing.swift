package import StokerCore

extension EventQuery {
    /// Reads the query of `GET /api/v1/events`: `after`, `since` (milliseconds), `process`, `severity`, `limit`.
    ///
    /// Strict: an unknown or repeated name is an error, because a misspelt filter would answer with what was not asked.
    init(items: [(name: String, value: String)]) throws(ControlError) {
        self.init()
        var seen: Set<String> = []
        for (name, value) in items {
            guard seen.insert(name).inserted else { throw .badQuery("\(name) is given twice") }
            switch name {
            case "after": after = try Self.number(value, name)
            case "since": since = Timestamp(milliseconds: try Self.number(value, name))
            case "process": subject = value
            case "severity": minimumSeverity = try Self.severity(value)
            case "limit": limit = try Self.limit(value)
            default: throw .badQuery("no parameter is named \(name)", hint: "after, since, process, severity, limit")
            }
        }
    }

    /// The same as a query string, for the client; parameters that say nothing are left out.
    package var queryText: String {
        var parts = ["limit=\(limit)", "severity=\(minimumSeverity.rawValue)"]
        if let after { parts.append("after=\(after)") }
        if let since { parts.append("since=\(since.milliseconds)") }
        if let subject { parts.append("process=\(subject.percentEncoded)") }
        return parts.joined(separator: "&")
    }

    private static func number(_ text: String, _ name: String) throws(ControlError) -> Int64 {
        guard let number = Int64(text), number >= 0 else { throw .badQuery("\(name) is not a number: \(text)") }
        return number
    }

    private static func severity(_ text: String) throws(ControlError) -> Event.Severity {
        guard let severity = Event.Severity(rawValue: text) else {
            let known = Event.Severity.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badQuery("no severity is named \(text)", hint: known)
        }
        return severity
    }

    private static func limit(_ text: String) throws(ControlError) -> Int {
        guard let limit = Int(text), (1...10_000).contains(limit) else { throw .badQuery("limit is not 1 to 10000") }
        return limit
    }
}

extension ControlError {
    /// The HTTP status that goes with the code.
    package var httpStatus: Int {
        switch code {
        case .badRequest: 400
        case .forbidden: 403
        case .unknownProcess, .unknownModel: 404
        case .notManaged, .conflict, .notDrainable, .lastBackend, .drillRefused: 409
        case .badConfig: 422
        case .shuttingDown, .busy, .gatewaySilent: 503
        }
    }
}
