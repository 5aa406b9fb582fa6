/// Out of rotation first: what is in flight at a process finishes, what is new goes elsewhere.
///
/// A person may want just that (`Run.rotation`), and whoever takes down a process that serves clients wants it before
/// the SIGTERM (`State.draining`). What is in flight only the gateway knows, and only of those that get nothing new: an
/// `inFlight(0)` is final.
extension ProcessMachine {
    /// How soon a process is to be down.
    enum Haste: Sendable, Equatable {
        case now
        /// Clients come first.
        case drained
        /// And a gateway's connections too. By order it gets its SIGTERM at once, and takes that as it is meant.
        case leaving
    }

    /// How long the gateway may say nothing before a process is no longer kept up for its word. One that was killed is
    /// back in a tenth of a second.
    private static var patience: Duration { .seconds(5) }

    // MARK: By order

    mutating func obeyDrain(_ turn: inout Turn) {
        guard rotate(to: .draining) else { return }
        reason = "drained by order: what is in flight finishes"
        turn.record(.processDraining, "draining by order: it gets no new requests")
    }

    mutating func obeyUndrain(_ turn: inout Turn) {
        guard rotate(to: .open) else { return }
        reason = "in rotation again by order"
        turn.record(.processUndrained, "gets requests again")
    }

    /// Returns whether that is news.
    private mutating func rotate(to rotation: Rotation) -> Bool {
        switch state {
        case .starting(var run, let deadline) where (run.rotation == .open) != (rotation == .open):
            run.rotation = rotation
            state = .starting(run, deadline: deadline)
        case .running(var run) where (run.rotation == .open) != (rotation == .open):
            run.rotation = rotation
            state = .running(run)
        case .watching(var watch) where (watch.rotation == .open) != (rotation == .open):
            watch.rotation = rotation
            state = .watching(watch)
        default: return false
        }
        return true
    }

    // MARK: On the way down

    /// Down as soon as may be.
    mutating func takeDown(
        _ run: Run, then: Stopping.Then, _ why: String, _ haste: Haste, _ turn: inout Turn
    ) {
        let isServing = haste != .now && plan.servesClients || haste == .leaving && plan.kind == .gateway
        // One that was never ready got nothing, and of one that was drained by order it is known that nothing is left.
        guard isServing, plan.stop.drain > .zero, run.readySince != nil, run.rotation != .drained else {
            return bringDown(run, then: then, why, &turn)
        }
        revokeSuccession(&turn)
        var run = run
        run.stability = nil
        run.isSuccessionGranted = false
        let deadline = wait(plan.stop.drain, &turn)
        state = .draining(run, Draining(then: then, why: why, deadline: deadline, silence: wait(Self.patience, &turn)))
        reason = "draining: \(why)"
        turn.record(.processDraining, "draining for \(plan.stop.drain.spoken) at most: \(why)")
    }

    /// Somebody wants something else of one that drains: another end, or the same one at once.
    mutating func change(
        _ draining: Draining, of run: Run, to then: Stopping.Then, _ why: String, _ haste: Haste, _ turn: inout Turn
    ) {
        guard haste != .now else { return bringDown(run, then: then, why, &turn) }
        var draining = draining
        draining.then = then
        state = .draining(run, draining)
    }

    /// Whoever gives the same order twice does not want to wait.
    var isStoppedAlready: Bool {
        guard case .draining(_, let draining) = state else { return false }
        return draining.then == .rest
    }

    var isRestartedAlready: Bool {
        guard case .draining(_, let draining) = state else { return false }
        return draining.then == .freshStart(.manual)
    }

    /// A person has changed their mind before it was stopped: it goes on as it was.
    mutating func keep(_ run: Run, _ draining: Draining, _ turn: inout Turn) {
        // What runs by an old plan has to end first; that it is wanted will start it again.
        guard draining.then == .rest, !draining.isOutdated else { return }
        var run = run
        renewQuestions(of: &run, &turn)
        state = .running(run)
        reason = "in rotation again by order"
        turn.record(.processUndrained, "goes on: started by order before it was stopped")
    }

    mutating func outdateDrain() {
        guard case .draining(let run, var draining) = state else { return }
        draining.isOutdated = true
        state = .draining(run, draining)
    }

    // MARK: What is in flight

    mutating func note(inFlight count: Int, _ turn: inout Turn) {
        switch state {
        case .draining(let run, let draining) where count == 0:
            turn.record(.processDrained, "nothing is in flight at it any more")
            bringDown(run, then: draining.then, draining.why, &turn)
        case .draining(let run, var draining):
            draining.silence = wait(Self.patience, &turn)
            state = .draining(run, draining)
            reason = "draining, \(count) in flight: \(draining.why)"
        case .running(var run) where run.rotation == .draining:
            run.rotation = noteOrdered(inFlight: count, &turn)
            state = .running(run)
        case .watching(var watch) where watch.rotation == .draining:
            watch.rotation = noteOrdered(inFlight: count, &turn)
            state = .watching(watch)
        case .stopped, .waiting, .starting, .running, .stopping, .backoff, .failed, .watching: break
        }
    }

    private mutating func noteOrdered(inFlight count: Int, _ turn: inout Turn) -> Rotation {
        guard count == 0 else {
            reason = "drained by order: \(count) in flight"
            return .draining
        }
        reason = "drained by order: nothing is in flight"
        turn.record(.processDrained, "nothing is in flight at it any more; it stays up and out of rotation")
        return .drained
    }

    mutating func noteElapsed(_ ticket: Ticket, _ run: Run, _ draining: Draining, _ turn: inout Turn) {
        switch ticket {
        case draining.deadline:
            let words = "is not drained after \(plan.stop.drain.spoken): what is in flight is cut off"
            turn.record(.warning, .processDraining, words, evidence: [reason])
        case draining.silence:
            let words = "the gateway has not said for \(Self.patience.spoken) what is in flight: nobody waits for it"
            turn.record(.warning, .processDraining, words, evidence: [reason])
        default:
            var run = run
            put(ticket, of: &run.questions, &turn)
            state = .draining(run, draining)
            return
        }
        bringDown(run, then: draining.then, draining.why, &turn)
    }

    /// It is asked how it is as before: what hangs finishes nothing, so nobody waits for that.
    mutating func noteAnswer(
        _ result: ProbeResult, to ticket: Ticket, _ run: Run, _ draining: Draining, _ turn: inout Turn
    ) {
        var run = run
        guard let index = run.questions.firstIndex(where: { $0.ticket == ticket && $0.askedAt != nil }) else { return }
        let turned = run.questions[index].note(result)
        let question = run.questions[index]
        if turned, question.kind == .readiness { run.isReady = result.passed }
        if turned, question.kind == .liveness, !result.passed {
            let words = "its liveness probe fails while it drains: \(result.text)"
            turn.record(.warning, .processUnready, words, evidence: question.evidence)
            return bringDown(run, then: draining.then, draining.why, &turn)
        }
        scheduleNext(&run.questions[index], &turn)
        state = .draining(run, draining)
    }

    /// It ended before it was told to.
    mutating func noteExit(_ exit: ProcessExit, of run: Run, _ draining: Draining, _ turn: inout Turn) {
        // A gateway does that in good order: its last client has gone.
        guard plan.kind == .gateway, exit.status == .code(0) else {
            return conclude(draining.then, run, record(exit, of: run, &turn), &turn)
        }
        lastExit = exit
        remember(exit.text, of: run, turn.now)
        turn.record(.processStopped, "everything that it had begun is done: \(exit.text)", evidence: exit.evidence)
        conclude(draining.then, run, exit.text, &turn)
    }
}

extension ProcessOrder {
    /// Whether it is about what the gateway does with a process, not about the process.
    package var isAboutRequests: Bool {
        switch self {
        case .drain, .drainAnyway, .undrain: true
        case .start, .stop, .restart, .stopNow, .restartNow: false
        }
    }
}
