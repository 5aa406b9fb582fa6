/// Restarts that the host makes by itself: the way to the control plane and back is saved, and a process that ends
/// while there is no control plane is back all the same, once. What the host may do is decided here, beforehand.
extension ProcessMachine {
    /// Grants the next start, or takes the grant back, as it now is; the last step of each turn.
    mutating func settleSuccession(_ turn: inout Turn) {
        guard case .running(var run) = state else { return }
        let pause = timeUntilGrant(run, turn.now)
        if (pause == .zero) != run.isSuccessionGranted {
            run.isSuccessionGranted.toggle()
            turn.effects.append(run.isSuccessionGranted ? .grant(generation: generation + 1) : .revoke)
        }
        if let pause, pause > .zero, run.stability == nil { run.stability = wait(pause, &turn) }
        state = .running(run)
    }

    /// The plan by which the next start was granted holds no longer.
    mutating func revokeSuccession(_ turn: inout Turn) {
        guard case .running(var run) = state, run.isSuccessionGranted else { return }
        run.isSuccessionGranted = false
        state = .running(run)
        turn.effects.append(.revoke)
    }

    /// The host has used the grant. It may have done so while an order to stop was on its way: then what it started is
    /// stopped in its turn.
    mutating func noteSucceeded(_ exit: ProcessExit, _ turn: inout Turn) {
        switch state {
        case .starting(let run, _), .running(let run):
            let words = record(exit, of: run, &turn)
            guard isWanted else { return bringDownSuccessor(then: .rest, "it is not to be started again", &turn) }
            restartReason = exit.restartReason
            // That it is restarted at once was decided by the grant; this books it.
            _ = decide(stableFor: run.readySince.map { turn.now - $0 }, turn)
            turn.record(.processRestarting, "restarted at once by its shim: \(words)")
            launch(isStarted: true, &turn)
        case .draining(let run, let draining):
            _ = record(exit, of: run, &turn)
            bringDownSuccessor(then: draining.then, "its shim had started it again before the order came", &turn)
        case .stopping(let run, let stopping):
            _ = record(exit, of: run, &turn)
            bringDownSuccessor(then: stopping.then, "its shim had started it again before the order came", &turn)
        case .stopped, .waiting, .backoff, .failed, .watching: break
        }
    }

    /// The host will say that it has started it; then it gets its SIGTERM.
    private mutating func bringDownSuccessor(then: Stopping.Then, _ why: String, _ turn: inout Turn) {
        generation += 1
        bringDown(Run(generation: generation, orderedAt: turn.now), then: then, why, &turn)
    }

    /// nil: its end would not lead to a restart, or the host could not see it.
    private func timeUntilGrant(_ run: Run, _ now: Duration) -> Duration? {
        guard isWanted, !run.isOrphan, let readySince = run.readySince else { return nil }
        return budget.timeUntilImmediate(at: now, readySince: readySince, policy: plan.restart)
    }
}
