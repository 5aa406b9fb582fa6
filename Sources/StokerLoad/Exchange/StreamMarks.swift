package import StokerWire

/// What the events of one answer have shown so far.
package struct StreamMarks: Sendable, Equatable {
    /// Bytes of an error that are kept to be shown.
    static let maxSample = 512

    package private(set) var firstToken: Nanoseconds = 0
    package private(set) var firstOutput: Nanoseconds = 0
    package private(set) var lastToken: Nanoseconds = 0
    package private(set) var tokenEvents = 0
    /// Token events that came in the same read as the one before.
    package private(set) var coalescedEvents = 0
    package private(set) var usage: TokenUsage?
    package private(set) var isDone = false
    package private(set) var hasFinish = false
    /// The beginning of an error object; nil: there was none.
    package private(set) var error: String?

    package init() {}

    /// Whether the stream has said that it is whole.
    package var isFinished: Bool { isDone || hasFinish }

    /// Takes one event in. `now`: when the read that completed it returned.
    package mutating func take(
        _ facts: EventFacts, in bytes: borrowing Span<UInt8>, _ range: Range<Int>, at now: Nanoseconds
    ) {
        if facts.hasFinish { hasFinish = true }
        if let found = facts.usage { usage = found }
        switch facts.kind {
        case .output:
            if firstOutput == 0 { firstOutput = now }
            token(at: now)
        case .reasoning: token(at: now)
        case .done: isDone = true
        case .error where error == nil:
            error = bytes.text(in: range.lowerBound..<min(range.upperBound, range.lowerBound + Self.maxSample))
        case .error, .other: break
        }
    }

    private mutating func token(at now: Nanoseconds) {
        tokenEvents &+= 1
        if firstToken == 0 {
            firstToken = now
        } else if lastToken == now {
            coalescedEvents &+= 1
        }
        lastToken = now
    }
}
