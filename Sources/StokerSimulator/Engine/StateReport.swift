import FoundationEssentials

/// What `GET /simulator/state` says.
struct StateReport: Encodable {
    struct Connections: Encodable {
        var accepted: Int
        var open: Int
    }

    struct Requests: Encodable {
        var received: Int
        var inFlight: Int
        var mostInFlight: Int
        var waiting: Int
        var outcomes: [String: Int]

        private enum CodingKeys: String, CodingKey {
            case received, waiting, outcomes
            case inFlight = "in_flight"
            case mostInFlight = "most_in_flight"
        }
    }

    struct Tokens: Encodable {
        var prompt: Int
        var output: Int
    }

    /// How late events were written after they were due.
    struct Late: Encodable {
        var p50: Int64
        var p99: Int64
        var most: Int64
    }

    var simulator = true
    var dialect: String
    var model: String
    var connections: Connections
    var requests: Requests
    var tokens: Tokens
    var events: Int
    var late: Late
    var faults: [String]

    private enum CodingKeys: String, CodingKey {
        case simulator, dialect, model, connections, requests, tokens, events, faults
        case late = "late_ns"
    }

    init(_ ledger: Ledger, _ late: Lateness, options: SimulatorOptions, waiting: Int, faults: [Fault]) {
        dialect = options.dialect.rawValue
        model = options.model
        connections = Connections(accepted: ledger.connectionsAccepted, open: ledger.connectionsOpen)
        var outcomes: [String: Int] = [:]
        for outcome in Ledger.Outcome.allCases { outcomes[outcome.rawValue] = ledger.count(outcome) }
        requests = Requests(
            received: ledger.received, inFlight: ledger.inFlight, mostInFlight: ledger.mostInFlight, waiting: waiting,
            outcomes: outcomes)
        tokens = Tokens(prompt: ledger.promptTokens, output: ledger.outputTokens)
        events = ledger.events
        self.late = Late(p50: late.quantile(0.5), p99: late.quantile(0.99), most: late.most)
        self.faults = faults.map(\.kind.rawValue)
    }

    /// As JSON with the keys in the order of the alphabet.
    static func json(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Integers, texts and finite numbers only: it cannot fail.
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }
}
