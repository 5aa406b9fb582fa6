/// What has happened, for whoever compares it with what he saw: totals, and the latest requests with their times.
package struct Ledger: Sendable {
    /// How a request ended.
    package enum Outcome: String, Sendable, CaseIterable, Encodable {
        /// As it should.
        case stop, length
        /// The client went away.
        case abort
        /// A fault struck it.
        case fault
        /// A 4xx, or a 503 of a full queue.
        case refused
    }

    /// One request; times are nanoseconds of CLOCK_MONOTONIC, 0 for what never came.
    package struct Record: Sendable, Equatable, Encodable {
        package var id: UInt64
        package var received: Int64
        package var firstEvent: Int64 = 0
        package var lastEvent: Int64 = 0
        package var ended: Int64
        package var promptTokens: Int
        package var tokens = 0
        package var events = 0
        package var outcome: Outcome

        package init(
            id: UInt64, received: Int64 = 0, ended: Int64 = 0, promptTokens: Int = 0, outcome: Outcome = .stop
        ) {
            self.id = id
            self.received = received
            self.ended = ended
            self.promptTokens = promptTokens
            self.outcome = outcome
        }

        private enum CodingKeys: String, CodingKey {
            case id, tokens, events, outcome
            case received = "received_ns"
            case firstEvent = "first_event_ns"
            case lastEvent = "last_event_ns"
            case ended = "ended_ns"
            case promptTokens = "prompt_tokens"
        }
    }

    /// Requests that are remembered.
    package static let capacity = 10_000

    private var ring: [Record] = []
    private var oldest = 0
    private var outcomes: [Outcome: Int] = [:]
    package private(set) var received = 0
    package private(set) var inFlight = 0
    package private(set) var mostInFlight = 0
    package var connectionsAccepted = 0
    package var connectionsOpen = 0
    package var promptTokens = 0
    package private(set) var outputTokens = 0
    package private(set) var events = 0

    package init() {}

    /// A request for an answer has come; returns its number.
    package mutating func begin() -> UInt64 {
        received += 1
        inFlight += 1
        mostInFlight = max(mostInFlight, inFlight)
        return UInt64(received)
    }

    /// An event is out.
    package mutating func said(_ tokens: Int) {
        events += 1
        outputTokens += tokens
    }

    package mutating func end(_ record: Record) {
        inFlight -= 1
        outcomes[record.outcome, default: 0] += 1
        if ring.count < Self.capacity {
            ring.append(record)
        } else {
            ring[oldest] = record
            oldest = (oldest + 1) % Self.capacity
        }
    }

    package func count(_ outcome: Outcome) -> Int { outcomes[outcome] ?? 0 }

    /// The latest `limit` that ended, oldest first.
    package func latest(_ limit: Int) -> [Record] {
        let all = ring[oldest...] + ring[..<oldest]
        return Array(all.suffix(max(0, limit)))
    }
}
