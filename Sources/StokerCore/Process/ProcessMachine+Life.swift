/// The way from wanted to running, down and up again.
extension ProcessMachine {
    /// Nothing of it lives and it is wanted: start it, or watch it, or wait for others first.
    ///
    /// Only fresh starts wait for others; a restart after a crash does not, so that a dependency's bad day takes nobody
    /// else along.
    mutating func enter(_ turn: inout Turn) {
        guard plan.isManaged else { return watch(&turn) }
        guard blockers.isEmpty else {
            state = .waiting
            reason = "waits: \(blockers.joined(separator: ", "))"
            return
        }
        launch(&turn)
    }

    /// Starts the next generation.
    ///
    /// - Parameter isStarted: Whether the host has done so already, as it was granted.
    mutating func launch(isStarted: Bool = false, _ turn: inout Turn) {
        generation += 1
        budget.noteStart(at: turn.now, policy: plan.restart)
        if let restartReason {
            restarts += 1
            turn.effects.append(.count(restartReason))
        }
        if restartReason == nil || restartReason == .manual || restartReason == .config {
            turn.record(.processStarting, "starting")
        }
        restartReason = nil
        if !isStarted { turn.effects.append(.start(generation: generation)) }
        let deadline = wait(plan.probes.startTimeout, &turn)
        state = .starting(Run(generation: generation, orderedAt: turn.now), deadline: deadline)
        reason = "being started"
    }

    /// Down by SIGTERM, after the grace by SIGKILL; `then` says what follows.
    mutating func bringDown(_ run: Run, then: Stopping.Then, _ why: String, _ turn: inout Turn) {
        turn.record(.processStopping, "stopping: \(why)")
        // One that the host has not started yet gets its SIGTERM then; before, there is nobody to take it.
        if run.identity != nil { turn.effects.append(.terminate(generation: run.generation)) }
        let timer = wait(plan.stop.grace, &turn)
        state = .stopping(run, Stopping(then: then, timer: timer))
        reason = "stopping: \(why)"
    }

    /// The grace is over, or SIGKILL has had no effect.
    mutating func escalate(_ run: Run, _ stopping: Stopping, _ turn: inout Turn) {
        var stopping = stopping
        stopping.kills += 1
        stopping.timer = wait(Self.killPause, &turn)
        state = .stopping(run, stopping)
        turn.effects.append(.kill(generation: run.generation))
        switch stopping.kills {
        case 1:
            turn.record(.warning, .processKilled, "did not end within its grace of \(plan.stop.grace.spoken): SIGKILL")
            reason = "stopping: SIGKILL after a grace of \(plan.stop.grace.spoken)"
        case 4:
            reason = "SIGKILL has had no effect for \((Self.killPause * 3).spoken): the kernel holds it"
            turn.record(
                .error, .processKilled, reason,
                evidence: run.identity.map { ["see the State line of /proc/\($0.pid)/status: D waits for a device"] }
                    ?? [])
        default: break
        }
    }

    /// It ended and nobody had asked for it.
    mutating func retry(_ cause: RestartReason, _ why: String, stableFor: Duration?, _ turn: inout Turn) {
        guard isWanted else { return rest(why) }
        restartReason = cause
        switch decide(stableFor: stableFor, turn) {
        case .restart(after: .zero):
            turn.record(.processRestarting, "restarting at once: \(why)")
            launch(&turn)
        case .restart(let delay):
            reason = "restarts in \(delay.spoken): \(why)"
            turn.record(.processRestarting, reason)
            state = .backoff(wait(delay, &turn))
        case .giveUp:
            let policy = plan.restart
            reason = "gave up after \(policy.giveUpStarts) starts within \(policy.giveUpWithin.spoken): \(why)"
            let advice = "when the cause is mended: stoker start \(plan.name)"
            turn.record(
                .error, .processGaveUp, "\(reason); \(advice)", evidence: endings + (lastExit?.evidence ?? []))
            restartReason = nil
            state = .failed
        }
    }

    /// What was asked to end has ended.
    mutating func conclude(_ then: Stopping.Then, _ run: Run, _ why: String, _ turn: inout Turn) {
        switch then {
        case _ where !isWanted: rest(why)
        case .rest:
            budget.reset()
            enter(&turn)
        case .freshStart(let cause):
            restartReason = cause
            budget.reset()
            enter(&turn)
        case .retry(let cause, let why):
            retry(cause, why, stableFor: run.readySince.map { turn.now - $0 }, &turn)
        }
    }

    mutating func rest(_ why: String) {
        restartReason = nil
        state = .stopped
        reason = why
    }

    /// Remembers an end for the day when it gives up.
    mutating func remember(_ why: String, of run: Run, _ now: Duration) {
        endings.append("start \(run.generation): \(why), \((now - run.orderedAt).spoken) after it")
        endings.removeFirst(max(0, endings.count - 5))
    }

    /// Between one SIGKILL and the next: one suffices unless the kernel is stuck, so this is about telling a person.
    private static var killPause: Duration { .seconds(10) }
}
