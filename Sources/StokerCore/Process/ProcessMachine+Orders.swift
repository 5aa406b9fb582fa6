/// What plan and person want.
extension ProcessMachine {
    mutating func begin(_ turn: inout Turn) {
        guard plan.autostart || !plan.isManaged else {
            if state == .stopped { reason = plan.standby == .cold ? "started when it is needed" : "autostart is off" }
            return
        }
        isWanted = true
        if state == .stopped { enter(&turn) }
    }

    mutating func obey(_ order: ProcessOrder, _ turn: inout Turn) {
        // What somebody else runs can only be watched; the supervisor tells the person so.
        // But whether the gateway sends it requests is ours to say.
        guard plan.isManaged || order.isAboutRequests else { return }
        switch order {
        case .start: obeyStart(&turn)
        case .stop: bringToRest("stopped by order", isStoppedAlready ? .now : .drained, &turn)
        case .stopNow: bringToRest("stopped by order", .now, &turn)
        case .restart: obeyRestart(isRestartedAlready ? .now : .drained, &turn)
        case .restartNow: obeyRestart(.now, &turn)
        case .drain, .drainAnyway: obeyDrain(&turn)
        case .undrain: obeyUndrain(&turn)
        }
    }

    mutating func noteLastRun(_ why: String, _ turn: inout Turn) {
        isWanted = false
        if state.run == nil { bringToRest(why, .now, &turn) }
    }

    mutating func revise(_ plan: ProcessPlan, _ blockers: [String], _ turn: inout Turn) {
        let old = self.plan
        self.plan = plan
        // Only now: who waits no longer is started by the new plan.
        note(blockers: blockers, &turn)
        guard plan != old else { return }
        revokeSuccession(&turn)
        if plan.needsRestart(after: old) {
            outdateDrain()
            startAnew(.config, "its plan changed", .drained, &turn)
        } else if state == .failed {
            // Whatever the person changed about a process that had failed, they want it tried again.
            startAnew(.config, "its plan changed", .now, &turn)
        } else if plan.probes != old.probes {
            askAnew(&turn)
        }
        let isNewlyWanted = plan.autostart && !old.autostart || !plan.isManaged && old.isManaged
        if state == .stopped, isNewlyWanted { begin(&turn) }
    }

    mutating func note(blockers: [String], _ turn: inout Turn) {
        self.blockers = blockers
        if state == .waiting { enter(&turn) }
    }

    private mutating func obeyStart(_ turn: inout Turn) {
        isWanted = true
        switch state {
        case .stopped, .failed:
            budget.reset()
            enter(&turn)
        case .backoff:
            budget.reset()
            launch(&turn)
        case .draining(let run, let draining): keep(run, draining, &turn)
        case .waiting, .starting, .running, .stopping, .watching: break
        }
    }

    private mutating func obeyRestart(_ haste: Haste, _ turn: inout Turn) {
        if case .stopped = state { return obeyStart(&turn) }
        isWanted = true
        startAnew(.manual, "restarted by order", haste, &turn)
    }

    /// A fresh start after the end of what runs; what does not want to run is left alone.
    private mutating func startAnew(_ why: RestartReason, _ words: String, _ haste: Haste, _ turn: inout Turn) {
        guard isWanted else { return }
        switch state {
        case .starting(let run, _): bringDown(run, then: .freshStart(why), words, &turn)
        case .running(let run): takeDown(run, then: .freshStart(why), words, haste, &turn)
        case .draining(let run, let draining): change(draining, of: run, to: .freshStart(why), words, haste, &turn)
        case .stopping(let run, var stopping):
            stopping.then = .freshStart(why)
            state = .stopping(run, stopping)
        case .backoff, .failed:
            budget.reset()
            restartReason = why
            enter(&turn)
        case .watching: enter(&turn)
        case .stopped, .waiting: break
        }
    }

    mutating func bringToRest(_ why: String, _ haste: Haste, _ turn: inout Turn) {
        isWanted = false
        switch state {
        case .starting(let run, _): bringDown(run, then: .rest, why, &turn)
        case .running(let run): takeDown(run, then: .rest, why, haste, &turn)
        case .draining(let run, let draining): change(draining, of: run, to: .rest, why, haste, &turn)
        case .stopping(let run, var stopping):
            stopping.then = .rest
            reason = "stopping: \(why)"
            state = .stopping(run, stopping)
        case .waiting, .backoff, .failed:
            turn.record(.processStopped, why)
            rest(why)
        case .stopped, .watching: rest(why)
        }
    }
}
