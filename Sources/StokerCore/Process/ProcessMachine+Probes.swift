/// What waits and probes lead to.
extension ProcessMachine {
    mutating func noteElapsed(_ ticket: Ticket, _ turn: inout Turn) {
        switch state {
        case .starting(let run, ticket): noteStartTimeout(run, &turn)
        case .starting(var run, let deadline):
            put(ticket, of: &run.questions, &turn)
            state = .starting(run, deadline: deadline)
        case .running(var run):
            if run.stability == ticket { run.stability = nil }
            put(ticket, of: &run.questions, &turn)
            state = .running(run)
        case .draining(let run, let draining): noteElapsed(ticket, run, draining, &turn)
        case .stopping(let run, let stopping) where stopping.timer == ticket: escalate(run, stopping, &turn)
        case .backoff(ticket): launch(&turn)
        case .watching(var watch):
            guard var question = watch.question, question.ticket == ticket, question.askedAt == nil else { return }
            ask(&question, &turn)
            watch.question = question
            state = .watching(watch)
        case .stopped, .waiting, .stopping, .backoff, .failed: break
        }
    }

    mutating func noteAnswer(_ result: ProbeResult, to ticket: Ticket, _ turn: inout Turn) {
        switch state {
        case .starting(let run, let deadline): noteStartupAnswer(result, ticket, run, deadline, &turn)
        case .running(let run): noteRunningAnswer(result, ticket, run, &turn)
        case .draining(let run, let draining): noteAnswer(result, to: ticket, run, draining, &turn)
        case .watching(let watch): noteWatchAnswer(result, ticket, watch, &turn)
        case .stopped, .waiting, .stopping, .backoff, .failed: break
        }
    }

    /// It has started up: it is asked from now on whether it lives and whether it is ready.
    ///
    /// - Parameter startup: The last startup question. Where readiness asks the same, its answer counts for both, so
    ///   that an engine is not asked twice before it gets traffic.
    mutating func enterRunning(_ run: Run, _ startup: Question?, _ turn: inout Turn) {
        var run = run
        run.questions = []
        if let liveness = plan.probes.liveness {
            run.questions.append(question(.liveness, liveness, after: jittered(liveness.interval), &turn))
        }
        reason = "running; nothing is asked of it"
        if let readiness = plan.probes.readiness {
            reason = "started; waits for \(readiness.target.text)"
            let known = startup?.plan.target == readiness.target ? startup?.lastResult : nil
            let pause = known == nil ? .zero : jittered(readiness.interval)
            var question = question(.readiness, readiness, after: pause, &turn)
            if let known, question.note(known) { becomeReady(&run, question, &turn) }
            run.questions.append(question)
        } else {
            becomeReady(&run, startup, &turn)
        }
        state = .running(run)
    }

    /// The probes changed: what is outstanding is forgotten, what is known is kept.
    mutating func askAnew(_ turn: inout Turn) {
        switch state {
        case .starting(var run, let deadline) where run.identity != nil:
            guard let startup = plan.probes.startup else { return enterRunning(run, nil, &turn) }
            let pause = startupPause(run, startup, turn.now)
            run.questions = [renewed(run.questions.first, .startup, startup, after: pause, &turn)]
            state = .starting(run, deadline: deadline)
        case .running(var run):
            renewQuestions(of: &run, &turn)
            state = .running(run)
        case .watching: watch(&turn)
        case .starting, .stopped, .waiting, .draining, .stopping, .backoff, .failed: break
        }
    }

    /// The question under a changed plan: what is on its way stays on its way, what is known stays known.
    mutating func renewed(
        _ old: Question?, _ kind: ProbeKind, _ plan: ProbePlan, opinion: ProbeCounter.Opinion = .unknown,
        after pause: Duration, _ turn: inout Turn
    ) -> Question {
        guard var question = old else {
            return self.question(kind, plan, counter: ProbeCounter(opinion), after: pause, &turn)
        }
        guard question.plan != plan else { return question }
        if !question.follow(plan) { schedule(&question, after: pause, &turn) }
        return question
    }

    /// What is asked of a run by the plan that holds now.
    mutating func renewQuestions(of run: inout Run, _ turn: inout Turn) {
        let old = run.questions
        run.questions = []
        if let plan = plan.probes.liveness {
            let pause = jittered(plan.interval)
            run.questions.append(renewed(old.first { $0.kind == .liveness }, .liveness, plan, after: pause, &turn))
        }
        if let plan = plan.probes.readiness {
            let opinion: ProbeCounter.Opinion = run.isReady ? .passing : run.readySince == nil ? .unknown : .failing
            let known = old.first { $0.kind == .readiness }
            run.questions.append(renewed(known, .readiness, plan, opinion: opinion, after: .zero, &turn))
        } else if !run.isReady {
            becomeReady(&run, nil, &turn)
        }
    }

    mutating func put(_ ticket: Ticket, of questions: inout [Question], _ turn: inout Turn) {
        guard let index = questions.firstIndex(where: { $0.ticket == ticket && $0.askedAt == nil }) else { return }
        ask(&questions[index], &turn)
    }

    private mutating func noteStartTimeout(_ run: Run, _ turn: inout Turn) {
        let waited = plan.probes.startTimeout.spoken
        let words =
            run.identity == nil ? "the host did not start it within \(waited)" : "not ready \(waited) after its start"
        remember(words, of: run, turn.now)
        turn.record(.warning, .processStartFailed, words, evidence: run.questions.flatMap(\.evidence))
        bringDown(run, then: .retry(.start, words), words, &turn)
    }

    private mutating func noteStartupAnswer(
        _ result: ProbeResult, _ ticket: Ticket, _ run: Run, _ deadline: Ticket, _ turn: inout Turn
    ) {
        var run = run
        guard var question = run.questions.first, question.ticket == ticket, question.askedAt != nil else { return }
        if question.note(result), result.passed { return enterRunning(run, question, &turn) }
        schedule(&question, after: startupPause(run, question.plan, turn.now), &turn)
        run.questions = [question]
        state = .starting(run, deadline: deadline)
        reason = "started; waits for \(question.plan.target.text)"
    }

    private mutating func noteRunningAnswer(_ result: ProbeResult, _ ticket: Ticket, _ run: Run, _ turn: inout Turn) {
        var run = run
        guard let index = run.questions.firstIndex(where: { $0.ticket == ticket && $0.askedAt != nil }) else { return }
        let turned = run.questions[index].note(result)
        let question = run.questions[index]
        if turned, question.kind == .liveness, !result.passed {
            let words = "its liveness probe fails: \(result.text)"
            turn.record(.warning, .processUnready, words, evidence: question.evidence)
            return bringDown(run, then: .retry(.health, words), words, &turn)
        }
        if question.kind == .readiness {
            if turned, result.passed { becomeReady(&run, question, &turn) }
            if turned, !result.passed { becomeUnready(&run, question, &turn) }
        }
        scheduleNext(&run.questions[index], &turn)
        state = .running(run)
    }

    private mutating func becomeReady(_ run: inout Run, _ question: Question?, _ turn: inout Turn) {
        run.isReady = true
        if let question { reason = "\(question.plan.target.text) passes" }
        let evidence = question?.evidence ?? []
        guard run.readySince == nil else { return turn.record(.processReady, "ready again", evidence: evidence) }
        run.readySince = turn.now
        let took = turn.now - run.orderedAt
        lastStart = took
        turn.record(.processReady, "ready \(took.spoken) after its start", evidence: evidence)
    }

    private mutating func becomeUnready(_ run: inout Run, _ question: Question, _ turn: inout Turn) {
        reason = "its readiness probe fails: \(question.evidence.joined(separator: ", "))"
        guard run.isReady else { return }
        run.isReady = false
        turn.record(.warning, .processUnready, "its readiness probe fails", evidence: question.evidence)
    }
}
