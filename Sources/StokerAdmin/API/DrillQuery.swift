package import StokerCore

extension DrillOrder {
    /// Reads the query of `POST /api/v1/drills`: `kind`, `target` (names with commas), `for`, `users`, `by`, `uid`.
    init(items: [(name: String, value: String)]) throws(ControlError) {
        self.init(.kill, targets: [])
        var kind: Kind?
        var seen: Set<String> = []
        for (name, value) in items {
            guard seen.insert(name).inserted else { throw .badQuery("\(name) is given twice") }
            switch name {
            case "kind": kind = Kind(rawValue: value)
            case "target": targets = value.split(separator: ",").map(String.init)
            case "for": lasts = try Self.duration(value)
            case "users": users = try Self.number(value, name)
            case "by": caller.name = String(SafeText.escaped(value.prefix(64)))
            case "uid": caller.uid = try Self.number(value, name)
            default: throw .badQuery("no parameter is named \(name)", hint: "kind, target, for, users, by, uid")
            }
        }
        guard let kind else { throw .badQuery("kind is missing or unknown", hint: "kill, hang, drain, site") }
        self.kind = kind
    }

    /// The same as a query string, for the client.
    package var queryText: String {
        let parts = [
            "kind=\(kind.rawValue)", "target=\(targets.joined(separator: ",").percentEncoded)", "for=\(lasts.text)",
            "users=\(users)", "by=\(caller.name.percentEncoded)",
        ]
        return (parts + (caller.uid.map { ["uid=\($0)"] } ?? [])).joined(separator: "&")
    }

    private static func duration(_ text: String) throws(ControlError) -> Duration {
        guard let duration = Duration(text: text) else { throw .badQuery("\(text) is not a duration", hint: "10s") }
        return duration
    }

    fileprivate static func number(_ text: String, _ name: String) throws(ControlError) -> Int {
        guard let number = Int(text), number >= 0 else { throw .badQuery("\(name) is not a number: \(text)") }
        return number
    }
}

extension DrillLoad {
    /// Reads the query of `POST /api/v1/drills/ID/load`; times are microseconds.
    init(items: [(name: String, value: String)]) throws(ControlError) {
        self.init(users: 0, requests: 0, failed: 0, broken: 0)
        for (name, value) in items {
            let number = try DrillOrder.number(value, name)
            let seconds = Double(number) / 1_000_000
            switch name {
            case "users": users = number
            case "requests": requests = number
            case "failed": failed = number
            case "broken": broken = number
            case "median_ttft": medianFirstTokenSeconds = seconds
            case "worst_ttft": worstFirstTokenSeconds = seconds
            case "median_gap": medianGapSeconds = seconds
            case "worst_gap": worstGapSeconds = seconds
            default: throw .badQuery("no parameter is named \(name)")
            }
        }
    }

    /// The same as a query string, for the client.
    package var queryText: String {
        let times = [
            ("median_ttft", medianFirstTokenSeconds), ("worst_ttft", worstFirstTokenSeconds),
            ("median_gap", medianGapSeconds), ("worst_gap", worstGapSeconds),
        ]
        let counts = ["users=\(users)", "requests=\(requests)", "failed=\(failed)", "broken=\(broken)"]
        let measured = times.compactMap { name, seconds in
            seconds.flatMap { Int(exactly: ($0 * 1_000_000).rounded()) }.map { "\(name)=\($0)" }
        }
        return (counts + measured).joined(separator: "&")
    }
}

/// What a path below `/api/v1/drills` asks for.
enum DrillRoute: Equatable {
    case check
    case begin
    case state(Int64)
    case load(Int64)
    case cancel(Int64)

    /// - Parameter parts: what follows `/api/v1/drills`.
    init?(_ parts: ArraySlice<String>) {
        let parts = Array(parts)
        switch (parts.count, parts.first.flatMap { Int64($0) }) {
        case (0, _): self = .begin
        case (1, nil) where parts[0] == "check": self = .check
        case (1, let id?): self = .state(id)
        case (2, let id?) where parts[1] == "load": self = .load(id)
        case (2, let id?) where parts[1] == "cancel": self = .cancel(id)
        default: return nil
        }
    }

    var method: String {
        switch self {
        case .check, .state: "GET"
        case .begin, .load, .cancel: "POST"
        }
    }

    /// The question with what the query says.
    func request(_ items: [(name: String, value: String)]) throws(ControlError) -> DrillRequest {
        switch self {
        case .check: .check(try DrillOrder(items: items))
        case .begin: .begin(try DrillOrder(items: items))
        case .state(let id): .state(id)
        case .load(let id): .load(id, try DrillLoad(items: items))
        case .cancel(let id): .cancel(id)
        }
    }
}
