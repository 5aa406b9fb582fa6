extension ProcessMachine {
    /// One probe of a process: asked, answered, asked again, never twice at once.
    ///
    /// It always holds exactly one ticket, for the wait before the next question or for the answer to the last.
    package struct Question: Sendable, Equatable {
        let kind: ProbeKind
        var plan: ProbePlan
        var counter = ProbeCounter()
        var ticket: Ticket
        /// When the question was put that has no answer yet; nil while it waits to be put.
        var askedAt: Duration?
        var lastResult: ProbeResult?
        /// Whether the question that has no answer yet was asked by a plan that no longer holds.
        private var isOutdated = false

        init(_ kind: ProbeKind, _ plan: ProbePlan, _ counter: ProbeCounter) {
            self.kind = kind
            self.plan = plan
            self.counter = counter
            // No machine gives this number out: until it is scheduled, the question waits for nothing.
            ticket = Ticket(number: 0)
        }

        /// What the last answer was, for evidence.
        var evidence: [String] {
            guard let lastResult else { return ["\(plan.target.text) was never answered"] }
            let times = counter.streak > 1 ? " (\(counter.streak) times in a row)" : ""
            return ["\(plan.target.text): \(lastResult.text)\(times)"]
        }

        /// Goes by another plan from the next question on.
        ///
        /// - Returns: Whether one is on its way; its answer counts only if it was asked of the same target.
        mutating func follow(_ plan: ProbePlan) -> Bool {
            isOutdated = isOutdated || askedAt != nil && plan.target != self.plan.target
            self.plan = plan
            return askedAt != nil
        }

        /// Takes an answer in; returns whether it turned the opinion.
        mutating func note(_ result: ProbeResult) -> Bool {
            defer { isOutdated = false }
            guard !isOutdated else { return false }
            lastResult = result
            return counter.note(
                passed: result.passed, successThreshold: plan.successThreshold, failureThreshold: plan.failureThreshold)
        }
    }

    /// A question that will be put after a pause; at once when that is zero.
    mutating func question(
        _ kind: ProbeKind, _ plan: ProbePlan, counter: ProbeCounter = ProbeCounter(), after pause: Duration,
        _ turn: inout Turn
    ) -> Question {
        var question = Question(kind, plan, counter)
        schedule(&question, after: pause, &turn)
        return question
    }

    /// Puts the question after a pause; at once when that is zero.
    mutating func schedule(_ question: inout Question, after pause: Duration, _ turn: inout Turn) {
        guard pause > .zero else { return ask(&question, &turn) }
        question.askedAt = nil
        question.ticket = wait(pause, &turn)
    }

    /// Puts the question now.
    mutating func ask(_ question: inout Question, _ turn: inout Turn) {
        question.askedAt = turn.now
        question.ticket = ticket()
        turn.effects.append(.ask(question.kind, question.plan, question.ticket))
    }

    /// Puts the question again when its interval, counted from the last question, is over.
    mutating func scheduleNext(_ question: inout Question, _ turn: inout Turn) {
        let passed = turn.now - (question.askedAt ?? turn.now)
        schedule(&question, after: jittered(question.plan.interval) - passed, &turn)
    }

    /// Pause before the next startup question: short at first, so that a fast engine is ready fast, and always a small
    /// part of what has passed, so that a slow one is neither asked thousands of times nor noticed late.
    mutating func startupPause(_ run: Run, _ plan: ProbePlan, _ now: Duration) -> Duration {
        jittered(min(max(.milliseconds(20), (now - run.orderedAt) / 8), plan.interval))
    }
}
