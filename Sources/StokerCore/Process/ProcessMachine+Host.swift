/// What the host says.
extension ProcessMachine {
    mutating func noteStarted(_ identity: ProcessIdentity, _ turn: inout Turn) {
        switch state {
        case .starting(var run, let deadline) where run.identity == nil:
            run.identity = identity
            guard let startup = plan.probes.startup else { return enterRunning(run, nil, &turn) }
            let pause = startupPause(run, startup, turn.now)
            run.questions = [question(.startup, startup, after: pause, &turn)]
            state = .starting(run, deadline: deadline)
            reason = "started; waits for \(startup.target.text)"
        case .stopping(var run, var stopping) where run.identity == nil:
            run.identity = identity
            if stopping.kills == 0 {
                turn.effects.append(.terminate(generation: run.generation))
                stopping.timer = wait(plan.stop.grace, &turn)
            } else {
                turn.effects.append(.kill(generation: run.generation))
            }
            state = .stopping(run, stopping)
        default: break
        }
    }

    mutating func noteStartFailed(_ why: String, _ turn: inout Turn) {
        let words = "could not be started: \(why)"
        switch state {
        case .starting(let run, _) where run.identity == nil:
            remember(words, of: run, turn.now)
            turn.record(.warning, .processStartFailed, words)
            retry(.start, words, stableFor: nil, &turn)
        case .stopping(let run, let stopping) where run.identity == nil:
            remember(words, of: run, turn.now)
            turn.record(.processStopped, words)
            conclude(stopping.then, run, words, &turn)
        default: break
        }
    }

    mutating func noteExited(_ exit: ProcessExit, _ turn: inout Turn) {
        switch state {
        case .starting(let run, _), .running(let run): noteUnaskedExit(exit, of: run, &turn)
        case .draining(let run, let draining): noteExit(exit, of: run, draining, &turn)
        case .stopping(let run, let stopping):
            lastExit = exit
            let words = stopping.kills > 0 ? "\(exit.status.text) by order" : exit.text
            remember(words, of: run, turn.now)
            turn.record(.processStopped, words, evidence: exit.evidence)
            conclude(stopping.then, run, words, &turn)
        case .stopped, .waiting, .backoff, .failed, .watching: break
        }
    }

    mutating func noteShimLost(_ why: String, _ turn: inout Turn) {
        switch state {
        case .starting(var run, let deadline) where !run.isOrphan:
            run.isOrphan = true
            state = .starting(run, deadline: deadline)
        case .running(var run) where !run.isOrphan:
            run.isOrphan = true
            state = .running(run)
        case .draining(var run, let draining) where !run.isOrphan:
            run.isOrphan = true
            state = .draining(run, draining)
        case .stopping(var run, let stopping) where !run.isOrphan:
            run.isOrphan = true
            state = .stopping(run, stopping)
        default: return
        }
        turn.record(
            .warning, .shimLost, "its shim is gone; the process itself lives on, but nobody will see how it ends",
            evidence: [why])
    }

    private mutating func noteUnaskedExit(_ exit: ProcessExit, of run: Run, _ turn: inout Turn) {
        let words = record(exit, of: run, &turn)
        retry(exit.restartReason, words, stableFor: run.readySince.map { turn.now - $0 }, &turn)
    }

    /// Takes an end down that nobody had asked for; returns it in words.
    mutating func record(_ exit: ProcessExit, of run: Run, _ turn: inout Turn) -> String {
        lastExit = exit
        let clean = exit.status == .code(0) ? ": a clean exit nobody asked for" : ""
        let early = run.readySince == nil && plan.probes.startup != nil ? ", before it was ready" : ""
        let words = "\(exit.text)\(clean)\(early)"
        let age = turn.now - run.orderedAt
        remember(words, of: run, turn.now)
        turn.record(.warning, .processExited, "\(words), \(age.spoken) after its start", evidence: exit.evidence)
        return words
    }
}
