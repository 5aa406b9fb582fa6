package import StokerCore

extension CanaryRequest {
    /// Reads the query of `POST /api/v1/canary/VERB`: `model`, and for a start `backend`, `steps`, `hold` and
    /// `min_requests`, for a promotion `all`.
    init(_ verb: Verb, items: [(name: String, value: String)]) throws(ControlError) {
        self.init(verb, model: "")
        var seen: Set<String> = []
        for (name, value) in items {
            // A canary may have several backends; nothing else is given twice.
            guard seen.insert(name).inserted || name == "backend" else { throw .badQuery("\(name) is given twice") }
            switch (verb, name) {
            case (_, "model"): model = value
            case (.start, "backend"): order.backends.append(value)
            case (.start, "steps"): order.steps = try CanaryOrder.steps(text: value)
            case (.start, "hold"): order.hold = try Self.hold(value)
            case (.start, "min_requests"): order.minRequests = try Self.count(value)
            case (.promote, "all"): toEnd = value == "true"
            default:
                throw .badQuery("\(verb.rawValue) has no parameter \(SafeText.escaped(name.prefix(40)))")
            }
        }
        guard !model.isEmpty else { throw .badQuery("no model is named", hint: "stoker canary \(verb.rawValue) MODEL") }
        guard order.backends.count <= 64 else { throw .badQuery("more than 64 backends are named") }
    }

    private static func hold(_ text: String) throws(ControlError) -> Duration {
        guard let hold = Duration(text: text), CanaryOrder.holds.contains(hold) else {
            throw .badQuery("a step cannot last \(SafeText.escaped(text.prefix(40))): 1s to 7d", hint: "--hold 2m")
        }
        return hold
    }

    private static func count(_ text: String) throws(ControlError) -> Int {
        guard let count = Int(text), CanaryOrder.requestCounts.contains(count) else {
            throw .badQuery(
                "a step cannot see \(SafeText.escaped(text.prefix(40))) first attempts: 1 to 1000000",
                hint: "--min-requests 100")
        }
        return count
    }

    /// What `init(_:items:)` reads.
    package var queryText: String {
        var parts = ["model=\(model.percentEncoded)"]
        switch verb {
        case .start:
            parts += order.backends.map { "backend=\($0.percentEncoded)" }
            let steps = order.steps.map { $0 % 10 == 0 ? "\($0 / 10)" : "\($0 / 10).\($0 % 10)" }
            parts += ["steps=\(steps.joined(separator: ","))", "hold=\(order.hold.text)"]
            parts.append("min_requests=\(order.minRequests)")
        case .promote: if toEnd { parts.append("all=true") }
        case .abort: break
        }
        return parts.joined(separator: "&")
    }
}
