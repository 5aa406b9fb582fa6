internal import FoundationEssentials

/// What the simulator says that it has done: its `/simulator/state` and `/simulator/requests`.
package struct ServerLedger: Sendable, Equatable {
    package var received = 0
    package var mostInFlight = 0
    package var promptTokens = 0
    package var outputTokens = 0
    /// When requests came, ascending, on its monotonic clock; of the latest 10,000.
    package var arrivals: [Nanoseconds] = []

    package init() {}

    /// Reads both pages.
    ///
    /// - Throws: when one of them is something else.
    package init(state: [UInt8], requests: [UInt8]) throws(LoadError) {
        do {
            let state = try JSONDecoder().decode(State.self, from: Data(state))
            let requests = try JSONDecoder().decode(Requests.self, from: Data(requests))
            received = state.requests.received
            mostInFlight = state.requests.most_in_flight
            promptTokens = state.tokens.prompt
            outputTokens = state.tokens.output
            arrivals = requests.requests.map(\.received_ns).sorted()
        } catch {
            throw LoadError("the simulator's evidence cannot be read: \(error)")
        }
    }

    // Named as on the wire.
    private struct State: Decodable {
        struct Requests: Decodable {
            var received: Int
            var most_in_flight: Int
        }

        struct Tokens: Decodable {
            var prompt: Int
            var output: Int
        }

        var requests: Requests
        var tokens: Tokens
    }

    private struct Requests: Decodable {
        struct Request: Decodable {
            var received_ns: Int64
        }

        var requests: [Request]
    }
}
