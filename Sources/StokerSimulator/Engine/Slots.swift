/// Who runs, who waits and who is turned away: first come, first served, within slots and tokens of KV memory.
package struct Slots: Sendable {
    package typealias Ticket = UInt64

    /// What becomes of a request that comes.
    package enum Entry: Sendable, Equatable {
        case starts(Ticket)
        case waits(Ticket)
        /// The queue is full.
        case refused
    }

    /// Requests that run at once; 0 is no bound.
    package let capacity: Int
    private let tokens: Int
    private let queue: Int
    private var running: [Ticket: Int] = [:]
    private var waiting: [(ticket: Ticket, tokens: Int)] = []
    private var lastTicket: Ticket = 0
    /// Tokens that the running requests hold.
    package private(set) var heldTokens = 0

    /// - Parameters:
    ///   - tokens: KV memory; 0 is no bound.
    ///   - queue: Most that wait; nil is no bound.
    package init(capacity: Int, tokens: Int = 0, queue: Int? = nil) {
        self.capacity = max(0, capacity)
        self.tokens = max(0, tokens)
        self.queue = max(0, queue ?? .max)
    }

    package var runningCount: Int { running.count }
    package var waitingCount: Int { waiting.count }

    /// How full the slots are, 0 for one request and 1 for all of them; 0 without a bound.
    package var pressure: Double {
        capacity > 1 ? Double(max(0, running.count - 1)) / Double(capacity - 1) : 0
    }

    /// Takes in a request that will hold that many tokens.
    package mutating func enter(tokens: Int = 0) -> Entry {
        let fits = waiting.isEmpty && hasRoom(for: tokens)
        guard fits || waiting.count < queue else { return .refused }
        lastTicket += 1
        guard fits else {
            waiting.append((lastTicket, tokens))
            return .waits(lastTicket)
        }
        run(lastTicket, tokens)
        return .starts(lastTicket)
    }

    /// Lets a request out, wherever it was. Returns those that may start in its place.
    package mutating func leave(_ ticket: Ticket) -> [Ticket] {
        if let held = running.removeValue(forKey: ticket) {
            heldTokens -= held
        } else {
            waiting.removeAll { $0.ticket == ticket }
        }
        var started: [Ticket] = []
        while let next = waiting.first, hasRoom(for: next.tokens) {
            waiting.removeFirst()
            run(next.ticket, next.tokens)
            started.append(next.ticket)
        }
        return started
    }

    /// One that is larger than all the memory runs alone, rather than never.
    private func hasRoom(for wanted: Int) -> Bool {
        (capacity == 0 || running.count < capacity)
            && (tokens == 0 || running.isEmpty || heldTokens + wanted <= tokens)
    }

    private mutating func run(_ ticket: Ticket, _ held: Int) {
        running[ticket] = held
        heldTokens += held
    }
}
