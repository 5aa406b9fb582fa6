/// The counts of a snapshot, small enough to keep a few of: two of them give rates.
package struct LiveFigures: Sendable, Equatable {
    package var elapsed: Nanoseconds = 0
    package var inFlight = 0
    package var users = 0
    package var sent = 0
    package var ok = 0
    package var bad = 0
    package var dropped = 0
    package var tokens = 0
    package var cpu: Nanoseconds = 0
    package var wall: Nanoseconds = 0

    package init() {}

    package init(_ snapshot: LoadSnapshot) {
        elapsed = snapshot.elapsed
        inFlight = snapshot.inFlight
        users = snapshot.users
        // A warm-up does not count in a result, but whoever watches wants to see that something moves.
        for part in [snapshot.tally.warmUp, snapshot.tally.total] {
            sent += part.sent
            ok += part.outcomes[.ok] ?? 0
            dropped += part.outcomes[.dropped] ?? 0
            bad += part.outcomes.reduce(0) { $1.key.isBad && $1.key != .dropped ? $0 + $1.value : $0 }
            tokens += part.outputTokens
        }
        // The tally learns of a request when it is over.
        sent += snapshot.inFlight
        cpu = snapshot.tally.client.cpu
        wall = snapshot.tally.client.wall
    }

    /// Requests that have come to an end, well or badly.
    package var finished: Int { ok + bad + dropped }
}

/// The latest figures, so that rates are those of the last few seconds and calm to look at.
package struct LiveHistory: Sendable {
    /// Over how long a rate is taken.
    package static let span: Nanoseconds = 5_000_000_000

    private var figures: [LiveFigures] = []

    package init() {}

    /// Takes the newest figures in and returns those to compare them with: the youngest that are a whole span old, else
    /// the oldest there are. At most some dozens are kept, at two a second.
    package mutating func add(_ latest: LiveFigures) -> LiveFigures {
        figures.append(latest)
        while figures.count > 2, figures[1].elapsed <= latest.elapsed - Self.span { figures.removeFirst() }
        if figures.count > 64 { figures.removeFirst(figures.count - 64) }
        return figures.count > 1 ? figures[0] : LiveFigures()
    }
}

/// What a second brought, between two figures.
package struct LiveRates: Sendable, Equatable {
    package var sent = 0.0
    package var ok = 0.0
    package var tokens = 0.0
    /// Cores that this process kept busy.
    package var cores = 0.0

    package init(from before: LiveFigures, to after: LiveFigures) {
        let seconds = Double(after.elapsed - before.elapsed) / 1e9
        guard seconds > 0 else { return }
        sent = Double(max(0, after.sent - before.sent)) / seconds
        ok = Double(max(0, after.ok - before.ok)) / seconds
        tokens = Double(max(0, after.tokens - before.tokens)) / seconds
        let wall = after.wall - before.wall
        cores = wall > 0 ? Double(max(0, after.cpu - before.cpu)) / Double(wall) : 0
    }
}
