/// When a loop starts no more, and when it stops waiting for what is under way. A value, so that it is tested as one.
struct LoopEnd: Sendable, Equatable {
    enum Phase: Equatable {
        case running, draining, over
    }

    /// No request starts from here on; nil: the plan's requests or its trace end the run.
    private let lastStart: Nanoseconds?
    private let grace: Nanoseconds

    init(_ rule: StopRule) {
        lastStart = rule.duration
        grace = rule.grace
    }

    /// - Parameter isStopped: whether a person wants it over: then nothing is waited for.
    func phase(at now: Nanoseconds, isStopped: Bool) -> Phase {
        if isStopped { return .over }
        guard let lastStart, now >= lastStart else { return .running }
        return now - lastStart >= grace ? .over : .draining
    }
}
