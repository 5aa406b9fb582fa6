/// The canary of one model, from the order to its end: a value that is told what happens and says what to do.
///
/// none → running → promoted, rolled back or aborted; from each of these a new order begins anew. A promoted canary
/// serves all clients until the config says that it is none any more.
package struct CanaryMachine: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        case none
        case running(CanaryRun)
        case promoted(CanaryOrder, salt: UInt32, since: Timestamp)
        case rolledBack(CanaryEnd)
        case aborted(CanaryEnd)
    }

    package enum Event: Sendable, Equatable {
        /// The gateway's counts.
        case counts(CanaryCounts)
        /// - Parameter isServing: whether any of its backends could take a request now.
        case tick(isServing: Bool)
        /// The canary's backends by the plan in force; none when the model has no canary any more, or is gone.
        case planned([String])
    }

    package enum Order: Sendable, Equatable {
        case start(CanaryOrder, salt: UInt32)
        /// To the next step, or to the end.
        case promote(toEnd: Bool)
        case abort
    }

    package enum Effect: Sendable, Equatable {
        /// `split` has changed: the gateway needs a new table.
        case route
        /// `record` has changed.
        case persist
        case record(StokerCore.Event.Kind, StokerCore.Event.Severity, message: String, evidence: [String])
    }

    /// When something happens: by a clock that never jumps, and by the one on the wall, for people.
    package struct Moment: Sendable, Equatable {
        package var elapsed: Duration
        package var wall: Timestamp

        package init(elapsed: Duration, wall: Timestamp) {
            self.elapsed = elapsed
            self.wall = wall
        }
    }

    package let model: String
    package internal(set) var phase = Phase.none

    package init(model: String) { self.model = model }

    /// What the gateway should do with the model's clients; nil: all go to stable.
    package var split: CanarySplit? {
        switch phase {
        case .running(let run): run.split
        case .promoted(let order, let salt, _): CanarySplit(backends: order.backends, permille: 1000, salt: salt)
        case .none, .rolledBack, .aborted: nil
        }
    }

    /// Takes what happened.
    package mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch (phase, event) {
        case (.running(var run), .counts(let counts)):
            run.take(counts, at: moment.elapsed)
            phase = .running(run)
            return run.evidence.isDamning ? rollBack(run, because: Self.verdict(run), at: moment) : []
        case (.running(var run), .tick(let isServing)):
            let turn = run.tick(isServing: isServing, at: moment.elapsed)
            phase = .running(run)
            return follow(turn, run, at: moment)
        case (.running(let run), .planned(let names)): return plan(run, names, at: moment)
        case (.promoted(var order, let salt, let since), .planned(let names)):
            let left = order.backends.filter(names.contains)
            guard left != order.backends else { return [] }
            order.backends = left
            phase = left.isEmpty ? .none : .promoted(order, salt: salt, since: since)
            return [.route, .persist]
        default: return []
        }
    }

    /// Takes an order, or refuses it.
    package mutating func obey(_ order: Order, at moment: Moment) throws(ControlError) -> [Effect] {
        switch (order, phase) {
        case (.start, .running): throw conflict("a canary of \(model) is under way", "stoker canary abort \(model)")
        case (.start, .promoted):
            throw conflict("the canary of \(model) is promoted", "move it to backends, or stoker canary abort \(model)")
        case (.start(let order, let salt), _):
            let run = CanaryRun(order, salt: salt, startedAt: moment.wall)
            if run.permille == 1000 { return promote(run, words: "at once, as ordered", at: moment) }
            phase = .running(run)
            return [.route, .persist, started(run)]
        case (.promote(let toEnd), .running(let run)):
            return toEnd ? promote(run, words: "as ordered", at: moment) : advance(run, "as ordered", at: moment)
        case (.abort, .running(let run)):
            phase = .aborted(CanaryEnd(run, why: "as ordered", at: moment.wall))
            return [.route, .persist, aborted(run.order, Self.facts(run))]
        case (.abort, .promoted(let order, let salt, _)):
            let run = CanaryRun(order, salt: salt, step: order.steps.count - 1, startedAt: moment.wall)
            phase = .aborted(CanaryEnd(run, why: "as ordered, after it was promoted", at: moment.wall))
            return [.route, .persist, aborted(order, [])]
        case (.promote, _), (.abort, _):
            throw conflict("no canary of \(model) is under way", "stoker canary start \(model)")
        }
    }

    private func conflict(_ message: String, _ hint: String) -> ControlError {
        ControlError(code: .conflict, message: message, hint: hint)
    }

    // MARK: Turns

    private mutating func follow(_ turn: CanaryRun.Turn, _ run: CanaryRun, at moment: Moment) -> [Effect] {
        switch turn {
        case .paused: return [.route, paused(run)]
        case .resumed: return [.route, resumed(run)]
        case .lost: return rollBack(run, because: "it has not served for \(CanaryRun.patience.spoken)", at: moment)
        case .none: return run.isPassed ? advance(run, "it has passed \(Self.step(run))", at: moment) : []
        }
    }

    private mutating func advance(_ run: CanaryRun, _ why: String, at moment: Moment) -> [Effect] {
        guard let next = run.nextPermille, next < 1000 else { return promote(run, words: why, at: moment) }
        var further = run
        further.advance()
        phase = .running(further)
        return [.route, .persist, stepped(from: run, to: further, why)]
    }

    private mutating func promote(_ run: CanaryRun, words why: String, at moment: Moment) -> [Effect] {
        phase = .promoted(run.order, salt: run.salt, since: moment.wall)
        return [.route, .persist, promoted(run, why)]
    }

    private mutating func rollBack(_ run: CanaryRun, because why: String, at moment: Moment) -> [Effect] {
        phase = .rolledBack(CanaryEnd(run, why: why, at: moment.wall))
        return [.route, .persist, rolledBack(run, why)]
    }

    private mutating func plan(_ run: CanaryRun, _ names: [String], at moment: Moment) -> [Effect] {
        let left = run.order.backends.filter(names.contains)
        guard left != run.order.backends else { return [] }
        guard !left.isEmpty else { return rollBack(run, because: "it has left the config", at: moment) }
        var smaller = run
        smaller.order.backends = left
        phase = .running(smaller)
        return [.route, .persist]
    }
}

/// How a canary ended without being promoted.
package struct CanaryEnd: Sendable, Equatable {
    /// The run as it stood.
    package var run: CanaryRun
    /// A clause.
    package var why: String
    package var at: Timestamp

    init(_ run: CanaryRun, why: String, at time: Timestamp) {
        self.run = run
        self.why = why
        at = time
    }
}
