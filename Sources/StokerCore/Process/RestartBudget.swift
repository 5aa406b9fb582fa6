/// Remembers the starts of one process and decides what its unasked end leads to.
package struct RestartBudget: Sendable, Equatable {
    /// What an unasked end leads to.
    package enum Decision: Sendable, Equatable {
        case restart(after: Duration)
        case giveUp
    }

    /// A budget that nothing was spent of.
    package init() {}

    /// Restarts in a row without a stable run between them.
    package private(set) var attempt = 0
    /// When the last starts were, oldest first: never more than `giveUpStarts` of them.
    private var starts: [Duration] = []

    /// Takes note of a start.
    package mutating func noteStart(at now: Duration, policy: RestartPolicy) {
        starts.append(now)
        starts.removeFirst(max(0, starts.count - max(1, policy.giveUpStarts)))
    }

    /// Decides about the process that ended `now`.
    ///
    /// - Parameters:
    ///   - stableFor: How long it had been ready; nil when it never was.
    ///   - random: Draws the delay evenly from zero to its bound: "full jitter", which spreads best what died together
    ///     (AWS Architecture Blog, "Exponential backoff and jitter").
    package mutating func decide(
        at now: Duration, stableFor: Duration?, policy: RestartPolicy, random: inout SeededGenerator
    ) -> Decision {
        if let stableFor, stableFor >= policy.stableAfter { attempt = 0 }
        let recent = starts.count { now - $0 < policy.giveUpWithin }
        guard recent < max(1, policy.giveUpStarts) else { return .giveUp }
        defer { attempt += 1 }
        return .restart(after: attempt == 0 ? .zero : random.duration(below: Self.bound(attempt, policy)))
    }

    /// How long from `now` until its unasked end would lead to a restart without a wait; nil when that is not in sight.
    ///
    /// - Parameter readySince: When the process that runs became ready.
    package func timeUntilImmediate(at now: Duration, readySince: Duration, policy: RestartPolicy) -> Duration? {
        let moment = attempt == 0 ? now : max(now, readySince + policy.stableAfter)
        let recent = starts.count { moment - $0 < policy.giveUpWithin }
        return recent < max(1, policy.giveUpStarts) ? moment - now : nil
    }

    /// Forgets all: a person has acted.
    package mutating func reset() { self = RestartBudget() }

    /// The largest delay before restart number `attempt`, counted from 1 after the immediate one.
    package static func bound(_ attempt: Int, _ policy: RestartPolicy) -> Duration {
        // 2^40 × the smallest delay, 1 ms, is 34 years: past any maxDelay, and far from overflow.
        let doublings = min(max(0, attempt - 1), 40)
        return min(policy.maxDelay, policy.initialDelay * (1 << doublings))
    }
}
