/// What is known of one request when it is over. All times count from the run's origin; 0 means it did not come so far.
package struct RequestRecord: Sendable, Equatable {
    /// When the plan wanted it: an arrival's time, or for a user the end of the turn before plus the think time.
    package var scheduled: Nanoseconds = 0
    /// The first byte was written.
    package var sent: Nanoseconds = 0
    /// How long TCP and TLS took before; 0 on a connection that was there.
    package var connect: Nanoseconds = 0
    /// The whole head was read.
    package var head: Nanoseconds = 0
    /// First event with content, reasoning or tool arguments; an answer that is no stream has none.
    package var firstToken: Nanoseconds = 0
    /// First event that is not reasoning.
    package var firstOutput: Nanoseconds = 0
    /// Last event with a token.
    package var lastToken: Nanoseconds = 0
    /// `[DONE]`, the last byte, or the failure.
    package var end: Nanoseconds = 0

    /// Events that carried a token.
    package var tokenEvents = 0
    /// Of those, how many shared a read with the one before: nothing is known about the time between them.
    package var coalescedEvents = 0
    /// As the server counted; nil: it did not say.
    package var inputTokens: Int?
    package var outputTokens: Int?
    /// `max_tokens` that was asked for.
    package var askedTokens: Int?
    package var bytes = 0

    package var status = 0
    package var outcome = Outcome.ok
    /// Whether the connection had carried a request before.
    package var isReused = false
    /// Which turn of its session, from 0.
    package var turn = 0

    package init() {}

    /// Output tokens: the server's count, else one for each event with a token.
    package var tokens: Int { outputTokens ?? tokenEvents }

    /// First token, from when it was wanted.
    package var ttft: Nanoseconds? { firstToken > 0 ? firstToken - scheduled : nil }
    /// First token, from when it was sent.
    package var ttftService: Nanoseconds? { firstToken > 0 ? firstToken - sent : nil }
    /// Time of each token after the first event: undefined for an answer of one.
    package var tpot: Nanoseconds? {
        // The server does not say how many tokens its first event held; one is what every other tool assumes.
        tokens > 1 && lastToken > firstToken ? (lastToken - firstToken) / Int64(tokens - 1) : nil
    }
    /// Last token (or last byte of a whole answer), from when it was wanted.
    package var e2e: Nanoseconds { (lastToken > 0 ? lastToken : end) - scheduled }

    /// Whether the stamps are in the only order that is possible.
    package var isConsistent: Bool {
        // Written out: an array of stamps would be an allocation for each request.
        var latest = scheduled
        func follows(_ stamp: Nanoseconds) -> Bool {
            guard stamp > 0 else { return true }
            defer { latest = stamp }
            return stamp >= latest
        }
        return follows(sent) && follows(head) && follows(firstToken) && follows(lastToken) && follows(end)
    }
}
