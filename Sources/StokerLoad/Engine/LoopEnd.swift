/// When a loop starts no more, and when it stops waiting for what is under way. A value, so that it is tested as one.
package struct LoopEnd: Sendable, Equatable {
    /// What a loop does.
    package enum Phase: Equatable {
        case running, draining, over
    }

    /// No request starts from here on; nil: the plan's requests or its trace end the run.
    private let lastStart: Nanoseconds?
    private let grace: Nanoseconds

    package init(_ rule: StopRule) {
        lastStart = rule.duration
        grace = rule.grace
    }

    /// The last moment at which a request may have been due.
    package var lastMoment: Nanoseconds { lastStart.map { $0 - 1 } ?? .max }

    /// - Parameter isStopped: whether a person wants it over: then nothing is waited for.
    package func phase(at now: Nanoseconds, isStopped: Bool) -> Phase {
        if isStopped { return .over }
        guard let lastStart, now >= lastStart else { return .running }
        return now - lastStart >= grace ? .over : .draining
    }
}
