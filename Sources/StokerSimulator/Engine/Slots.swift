/// Who runs and who waits, first come, first served.
package struct Slots: Sendable, Equatable {
    package typealias Ticket = UInt64

    /// 0 is no bound.
    private let capacity: Int
    private var running: Set<Ticket> = []
    private var waiting: [Ticket] = []
    private var lastTicket: Ticket = 0

    package init(capacity: Int) { self.capacity = max(0, capacity) }

    package var runningCount: Int { running.count }
    package var waitingCount: Int { waiting.count }

    /// Takes a request in. Returns its ticket, and whether it may start now.
    package mutating func enter() -> (ticket: Ticket, starts: Bool) {
        lastTicket += 1
        let starts = capacity == 0 || running.count < capacity
        if starts { running.insert(lastTicket) } else { waiting.append(lastTicket) }
        return (lastTicket, starts)
    }

    /// Lets a request out, wherever it was. Returns the one that may start in its place.
    package mutating func leave(_ ticket: Ticket) -> Ticket? {
        guard running.remove(ticket) != nil else {
            waiting.removeAll { $0 == ticket }
            return nil
        }
        guard !waiting.isEmpty else { return nil }
        let next = waiting.removeFirst()
        running.insert(next)
        return next
    }
}
