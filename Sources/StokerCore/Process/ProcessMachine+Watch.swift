/// Attach mode: somebody else runs it, Stoker asks how it is.
extension ProcessMachine {
    /// Watches from now on, or anew by a changed plan.
    ///
    /// One question is enough: what would be a reason to restart is no business of ours.
    mutating func watch(_ turn: inout Turn) {
        var watch = Watch(question: nil, isReady: true, wasReady: true)
        reason = "nothing is asked of it"
        if let probe = plan.probes.readiness ?? plan.probes.startup ?? plan.probes.liveness {
            watch = known ?? Watch(question: nil, isReady: false, wasReady: false)
            let opinion: ProbeCounter.Opinion = watch.isReady ? .passing : watch.wasReady ? .failing : .unknown
            watch.question = renewed(watch.question, .readiness, probe, opinion: opinion, after: .zero, &turn)
            reason = "waits for \(probe.target.text)"
        }
        restartReason = nil
        state = .watching(watch)
    }

    mutating func noteWatchAnswer(_ result: ProbeResult, _ ticket: Ticket, _ watch: Watch, _ turn: inout Turn) {
        var watch = watch
        guard var question = watch.question, question.ticket == ticket, question.askedAt != nil else { return }
        if question.note(result) { turnOpinion(of: &watch, to: result.passed, question, &turn) }
        scheduleNext(&question, &turn)
        watch.question = question
        state = .watching(watch)
    }

    /// What was known about it before its plan changed.
    private var known: Watch? {
        guard case .watching(let watch) = state else { return nil }
        return watch
    }

    private mutating func turnOpinion(
        of watch: inout Watch, to isReady: Bool, _ question: Question, _ turn: inout Turn
    ) {
        watch.isReady = isReady
        guard isReady else {
            reason = "its readiness probe fails: \(question.evidence.joined(separator: ", "))"
            return turn.record(.warning, .processUnready, "its readiness probe fails", evidence: question.evidence)
        }
        reason = "\(question.plan.target.text) passes"
        turn.record(.processReady, watch.wasReady ? "ready again" : "ready", evidence: question.evidence)
        watch.wasReady = true
    }
}
