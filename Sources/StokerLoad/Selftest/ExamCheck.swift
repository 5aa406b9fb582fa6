/// The comparisons that exams are made of. Pure functions of evidence, so that they can be examined themselves.
package enum ExamCheck {
    /// Medians where a server's constant times must show.
    ///
    /// The lower bound is strict: nothing comes before its time. Above it, two milliseconds: the simulator's own
    /// promise, and the reader's.
    package static func constant(_ evidence: ExamEvidence, _ server: ExamServer) -> [ExamFinding] {
        let latencies = evidence.tally.total.latencies
        let slack: Nanoseconds = 2_000_000
        let first = server.firstToken - slack / 20...server.firstToken + slack
        let gap = server.interval - slack / 4...server.interval + slack / 2
        return [
            .within("ttft p50, from the actual send", first, latencies[.ttftService].quantile(0.5)),
            .within("gap between tokens p50", gap, latencies[.icl].quantile(0.5)),
            .within("time per token p50", gap, latencies[.tpot].quantile(0.5)),
        ]
    }

    /// A frozen server, in closed form: of a run of length T with a freeze of length S, the share f = S/T of requests
    /// is late by 0 to S, evenly; so quantile q > 1 - f is S·(q - (1 - f))/f. wrk2's README example comes out right.
    ///
    /// Seen from the actual send nothing of it shows, except in the few that were under way: that is coordinated
    /// omission, and the reason for the other clock.
    package static func freeze(_ tally: Tally, run: Nanoseconds, freeze: Nanoseconds) -> [ExamFinding] {
        let share = Double(freeze) / Double(run)
        let latencies = tally.total.latencies
        let late = [0.9, 0.95, 0.99].map { quantile in
            let expected = Nanoseconds(Double(freeze) * (quantile - (1 - share)) / share)
            let slack = expected / 10 + 60_000_000
            return ExamFinding.within(
                "ttft p\(Figure.short(quantile * 100)), from the intended send", expected - slack...expected + slack,
                latencies[.ttft].quantile(quantile))
        }
        let service = latencies[.ttftService].quantile(0.95)
        return late + [.within("ttft p95, from the actual send", 0...freeze / 10, service)]
    }

    /// The same with both clocks exchanged, as a slip would have it: a check that does not notice is none.
    package static func exchanged(_ tally: Tally, run: Nanoseconds, freeze: Nanoseconds) -> [ExamFinding] {
        var tally = tally
        let ttft = tally.total.latencies[.ttft]
        tally.total.latencies[.ttft] = tally.total.latencies[.ttftService]
        tally.total.latencies[.ttftService] = ttft
        let missed = Self.freeze(tally, run: run, freeze: freeze).filter { !$0.isPassed }
        return [
            ExamFinding(
                "clocks exchanged on purpose", expected: "the check fails",
                seen: missed.isEmpty ? "it passes" : "it fails",
                isPassed: !missed.isEmpty)
        ]
    }

    /// A closed loop has as many requests in flight as it has users, no more and at the top no less.
    package static func plateau(_ evidence: ExamEvidence, users: Int) -> [ExamFinding] {
        [
            .equal("most in flight at the server", users, evidence.ledger.mostInFlight),
            .equal("most in flight at the generator", users, evidence.tally.client.mostInFlight),
        ]
    }

    /// Tokens are the server's count and no events; events of one read say nothing about the time between them.
    package static func packing(_ evidence: ExamEvidence, _ server: ExamServer) -> [ExamFinding] {
        let total = evidence.tally.total
        // Nothing measured is one request short, not none too many.
        let ok = max(1, total.outcomes[.ok] ?? 0)
        let events = (server.tokens + server.tokensPerEvent - 1) / server.tokensPerEvent
        let writes = (events + server.eventsPerWrite - 1) / server.eventsPerWrite
        return [
            .equal("tokens", ok * server.tokens, total.outputTokens),
            .equal("events with tokens", ok * events, total.tokenEvents),
            .equal("events that shared a read", ok * (events - writes), total.coalescedEvents),
        ]
    }

    /// Every request in its class, and none in another.
    package static func outcome(_ evidence: ExamEvidence, _ outcome: Outcome, requests: Int) -> [ExamFinding] {
        let counts = evidence.tally.total.outcomes.filter { $0.value > 0 }
        let seen = counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        return [
            ExamFinding(
                outcome.rawValue, expected: "\(requests) of \(requests)",
                seen: counts == [outcome: requests] ? "\(requests)" : seen.joined(separator: ", "),
                isPassed: counts == [outcome: requests])
        ]
    }

    /// What was asked and counted here is what was received and counted there.
    package static func ledger(_ evidence: ExamEvidence) -> [ExamFinding] {
        let total = evidence.tally.total
        return [
            .equal("requests", evidence.ledger.received, total.sent),
            .equal("succeeded", evidence.ledger.received, total.outcomes[.ok] ?? 0),
            .equal("prompt tokens", evidence.ledger.promptTokens, total.inputTokens),
            .equal("output tokens", evidence.ledger.outputTokens, total.outputTokens),
        ]
    }
}
