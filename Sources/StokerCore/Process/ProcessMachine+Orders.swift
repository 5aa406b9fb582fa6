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
        guard plan.isManaged else { return }
        switch order {
        case .start: obeyStart(&turn)
        case .stop: bringToRest("stopped by order", &turn)
        case .restart: obeyRestart(&turn)
        }
    }

    mutating func noteLastRun(_ why: String, _ turn: inout Turn) {
        isWanted = false
        if state.run == nil { bringToRest(why, &turn) }
    }

    mutating func revise(_ plan: ProcessPlan, _ blockers: [String], _ turn: inout Turn) {
        let old = self.plan
        self.plan = plan
        // Only now: who waits no longer is started by the new plan.
        note(blockers: blockers, &turn)
        guard plan != old else { return }
        revokeSuccession(&turn)
        if plan.needsRestart(after: old) {
            startAnew(.config, "its plan changed", &turn)
        } else if state == .failed {
            // Whatever the person changed about a process that had failed, they want it tried again.
            startAnew(.config, "its plan changed", &turn)
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
        case .waiting, .starting, .running, .stopping, .watching: break
        }
    }

    private mutating func obeyRestart(_ turn: inout Turn) {
        if case .stopped = state { return obeyStart(&turn) }
        isWanted = true
        startAnew(.manual, "restarted by order", &turn)
    }

    /// A fresh start after the end of what runs; what does not want to run is left alone.
    private mutating func startAnew(_ why: RestartReason, _ words: String, _ turn: inout Turn) {
        guard isWanted else { return }
        switch state {
        case .starting(let run, _), .running(let run): bringDown(run, then: .freshStart(why), words, &turn)
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

    mutating func bringToRest(_ why: String, _ turn: inout Turn) {
        isWanted = false
        switch state {
        case .starting(let run, _), .running(let run): bringDown(run, then: .rest, why, &turn)
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
