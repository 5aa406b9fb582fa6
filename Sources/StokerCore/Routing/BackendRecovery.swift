/// How a backend leaves the rotation and comes back: a value, one per backend, told what happened and when.
///
/// working → (a connection fails) → dead → (its health path answers) → working; after a relapse it must prove itself:
/// dead → proving → (it answers for long enough) → working.
/// working → (five answers in a row that were none) → ejected → (time) → on trial → (a good answer) → working
package struct BackendRecovery: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case working
        /// Its connections fail. It is asked for its health, and so many questions in a row were not answered.
        case dead(misses: Int)
        /// It answers again since then, without a miss, but it has been back before and did not last.
        case proving(since: Duration)
        /// It answers what is of no use. It is left alone for a while.
        case ejected
        /// The next request decides.
        case onTrial
    }

    package enum Event: Sendable, Equatable {
        /// A request's connection was refused, timed out, or was reset before a byte of the answer.
        case connectionFailed
        /// The health path answered 2xx.
        case answered(generation: UInt64)
        /// It did not.
        case silent(generation: UInt64)
        /// The control plane has put it into rotation again. `isNew`: as another process, to which nothing of what was
        /// held against the old one applies. `othersServe`: its model is served, so that it can warm up in peace.
        case vouched(isNew: Bool, othersServe: Bool)
        /// A request got an answer that was none. `othersServe`: whether its model has another backend in rotation.
        case failed(othersServe: Bool)
        /// A request got a good answer, or the first event of one.
        case succeeded
        /// A rest is over.
        case rested(generation: UInt64)
        /// The time to warm up is over.
        case warmed(generation: UInt64)
        /// It has written, or read, so many tokens since the last report.
        case delivered(tokens: Int)
    }

    package enum Effect: Sendable, Equatable {
        /// Ask the health path after this long, and report with this generation.
        case ask(after: Duration, generation: UInt64)
        /// Report `rested` after this long.
        case rest(for: Duration, generation: UInt64)
        /// Report `warmed` after this long.
        case warm(for: Duration, generation: UInt64)
        /// It is out of rotation.
        case left
        /// It would be, but nobody else serves its model.
        case spared
        /// It gets requests again.
        case readmit
    }

    package private(set) var state = State.working
    package private(set) var warmUp = WarmUp()
    /// How often in a row it has come back and failed again.
    package private(set) var relapses = 0
    /// The same of ejections.
    package private(set) var ejections = 0
    /// Useless answers since the last good one.
    package private(set) var streak = 0
    /// When it came back; nil: it was never out, or as another process.
    package private(set) var returnedAt: Duration?
    /// Each question and each rest belongs to one, so that a late answer to an older one means nothing.
    private var generation: UInt64 = 0

    package init() {}

    /// Whether it gets requests in the ordinary course.
    package var isWorking: Bool { state == .working }

    /// What it has earned by itself.
    package var standing: Standing {
        switch state {
        case .working: .good
        case .dead: .out
        case .proving, .ejected: .lastResort
        case .onTrial: .onTrial
        }
    }

    /// Takes what happened and returns what to do.
    ///
    /// - Parameter jitter: 0 to 1, drawn anew for each call; spreads the waits by ±10 %.
    package mutating func handle(_ event: Event, at now: Duration, jitter: Double) -> [Effect] {
        switch (event, state) {
        case (.connectionFailed, .working): return die(at: now, jitter)
        case (.connectionFailed, .dead): return []
        case (.connectionFailed, .proving), (.connectionFailed, .ejected), (.connectionFailed, .onTrial):
            return [ask(misses: 0, jitter)]
        case (.answered(let asked), _), (.silent(let asked), _), (.rested(let asked), _):
            return asked == generation ? hear(event, at: now, jitter) : []
        case (.vouched(let isNew, let othersServe), _): return vouch(isNew, othersServe, at: now)
        case (.failed(let othersServe), .working): return fail(othersServe, at: now, jitter)
        case (.failed, .onTrial):
            streak += 1
            return eject(at: now, jitter)
        case (.succeeded, .working):
            streak = 0
            return []
        case (.succeeded, .onTrial): return readmit(at: now)
        case (.warmed(let begun), _): warmUp.end(begun)
        case (.delivered(let tokens), _): warmUp.deliver(tokens)
        case (.failed, _), (.succeeded, _): break
        }
        return []
    }

    // MARK: Dead

    private mutating func die(at now: Duration, _ jitter: Double) -> [Effect] {
        relapses = lasted(until: now) ? 0 : relapses + 1
        return [.left, ask(misses: 0, jitter)]
    }

    private mutating func ask(misses: Int, _ jitter: Double) -> Effect {
        state = .dead(misses: misses)
        generation += 1
        return .ask(after: Patience.question(after: misses, jitter), generation: generation)
    }

    /// The answer to the present question, or the end of the present rest.
    private mutating func hear(_ event: Event, at now: Duration, _ jitter: Double) -> [Effect] {
        switch (event, state) {
        case (.answered, .dead):
            guard relapses > 0 else { return readmit(at: now) }
            state = .proving(since: now)
            return [.ask(after: Patience.proof * Patience.spread(jitter), generation: generation)]
        case (.answered, .proving(let since)):
            guard now - since < Patience.proving(relapses) else { return readmit(at: now) }
            return [.ask(after: Patience.proof * Patience.spread(jitter), generation: generation)]
        case (.silent, .dead(let misses)): return [ask(misses: misses + 1, jitter)]
        case (.silent, .proving): return [ask(misses: 0, jitter)]
        case (.rested, .ejected): state = .onTrial
        default: break
        }
        return []
    }

    // MARK: Ejected

    private mutating func fail(_ othersServe: Bool, at now: Duration, _ jitter: Double) -> [Effect] {
        streak += 1
        guard streak >= Patience.failures else { return [] }
        // The last one is kept: some of its answers may be good, and nobody else has any.
        guard othersServe else { return [.spared] }
        ejections = lasted(until: now) ? 0 : ejections
        return [.left] + eject(at: now, jitter)
    }

    private mutating func eject(at now: Duration, _ jitter: Double) -> [Effect] {
        state = .ejected
        ejections += 1
        generation += 1
        return [.rest(for: Patience.ejection(ejections) * Patience.spread(jitter), generation: generation)]
    }

    // MARK: Back

    private mutating func readmit(at now: Duration) -> [Effect] {
        state = .working
        streak = 0
        returnedAt = now
        return [.readmit, warmUp.begin()]
    }

    private mutating func vouch(_ isNew: Bool, _ othersServe: Bool, at now: Duration) -> [Effect] {
        if isNew {
            (relapses, ejections, streak, returnedAt) = (0, 0, 0, nil)
        }
        switch state {
        case .working: return isNew && othersServe ? [warmUp.begin()] : []
        case .ejected, .onTrial: return isNew ? readmit(at: now) : []
        case .dead, .proving:
            if isNew { state = .dead(misses: 0) }
            generation += 1
            return [.ask(after: .zero, generation: generation)]
        }
    }

    /// Whether it has been in rotation for so long that what was before is forgotten.
    private func lasted(until now: Duration) -> Bool {
        returnedAt.map { now - $0 >= Patience.memory } ?? true
    }
}

extension BackendRecovery {
    /// How long everything takes; docs/failover.md has these beside those of others.
    package enum Patience {
        /// The first question to a dead backend, each following one twice as long after, up to the longest.
        package static let firstQuestion = Duration.milliseconds(100)
        package static let longestQuestion = Duration.seconds(2)
        /// Between the questions to one that proves itself.
        package static let proof = Duration.seconds(1)
        /// How long it has to answer after the first relapse; twice as long after each further one.
        package static let firstProving = Duration.seconds(5)
        /// Useless answers in a row.
        package static let failures = 5
        package static let firstEjection = Duration.seconds(10)
        /// Of proving and of ejections.
        package static let longest = Duration.seconds(300)
        /// After so long in rotation nothing is held against it any more.
        package static let memory = Duration.seconds(600)

        /// How long a backend must answer without a miss.
        package static func proving(_ relapses: Int) -> Duration {
            doubled(firstProving, relapses - 1, atMost: longest)
        }

        static func ejection(_ times: Int) -> Duration { doubled(firstEjection, times - 1, atMost: longest) }

        static func question(after misses: Int, _ jitter: Double) -> Duration {
            doubled(firstQuestion, misses, atMost: longestQuestion) * spread(jitter)
        }

        static func spread(_ jitter: Double) -> Double { 0.9 + 0.2 * min(max(jitter, 0), 1) }

        private static func doubled(_ first: Duration, _ times: Int, atMost longest: Duration) -> Duration {
            min(longest, first * (1 << min(max(times, 0), 16)))
        }
    }
}
