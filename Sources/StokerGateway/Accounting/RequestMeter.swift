/// Times one request while it lasts: one addition and two comparisons an event, no allocation, no clock of its own.
///
/// All instants are of one monotonic clock.
package struct RequestMeter: Sendable, Equatable {
    /// When the request's first byte came.
    let startedAt: Duration
    private var firstAttemptAt: Duration?
    private var firstEventAt: Duration?
    private(set) var lastEventAt = Duration.zero
    /// The longest time between two events.
    package private(set) var longestGap = Duration.zero
    /// `data:` events so far, `[DONE]` left out.
    package private(set) var events = 0
    /// How often a backend was asked.
    package private(set) var attempts = 0
    /// How often a begun answer was continued elsewhere.
    package private(set) var seams = 0

    /// - Parameter startedAt: when the request's first byte came.
    package init(startedAt: Duration) { self.startedAt = startedAt }

    /// A backend is asked. The first time ends the request's time in the queue.
    package mutating func attempt(at now: Duration) {
        if firstAttemptAt == nil { firstAttemptAt = now }
        attempts &+= 1
    }

    /// The attempt that follows continues a begun answer.
    package mutating func seam() { seams &+= 1 }

    /// An event has come.
    ///
    /// - Returns: the gap since the one before, nil for the first; for `RequestMeters.gap`.
    @discardableResult
    package mutating func event(at now: Duration) -> Duration? {
        events &+= 1
        defer { lastEventAt = now }
        guard firstEventAt != nil else {
            firstEventAt = now
            return nil
        }
        let gap = now - lastEventAt
        if gap > longestGap { longestGap = gap }
        return gap
    }

    /// How long the request waited for its first attempt; nil while it waits.
    package var queued: Duration? { firstAttemptAt.map { $0 - startedAt } }
    /// From the first byte in to the first event; nil before that.
    package var timeToFirstToken: Duration? { firstEventAt.map { $0 - startedAt } }
    /// Mean of the gaps between events; nil with fewer than two.
    package var meanGap: Duration? {
        guard let firstEventAt, events > 1 else { return nil }
        return (lastEventAt - firstEventAt) / (events - 1)
    }

    /// (end to end - TTFT) / (tokens - 1); nil before the first event and for a single token.
    package func timePerOutputToken(tokens: Int, at end: Duration) -> Duration? {
        guard let firstEventAt, tokens > 1 else { return nil }
        return (end - firstEventAt) / (tokens - 1)
    }
}
