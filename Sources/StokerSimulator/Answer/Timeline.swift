/// When each token of an answer is due, counted from when the engine takes the request up.
///
/// Deadlines are absolute: a timer that comes late delays its own token and none of the later ones.
package struct Timeline: Sendable, Equatable {
    /// Until the first token.
    package var firstToken: Duration
    /// From one token to the next.
    package var interval: Duration

    package init(firstToken: Duration, interval: Duration) {
        self.firstToken = max(.zero, firstToken)
        self.interval = max(.zero, interval)
    }

    /// When token `index` (from 0) is due.
    package func due(_ index: Int) -> Duration { firstToken + interval * max(0, index) }

    /// How many of `count` tokens are due after `elapsed`.
    package func dueCount(after elapsed: Duration, of count: Int) -> Int {
        guard elapsed >= firstToken else { return 0 }
        guard interval > .zero else { return count }
        let intervals = (elapsed - firstToken) / interval
        return intervals < Double(count) ? min(count, Int(intervals) + 1) : count
    }
}
