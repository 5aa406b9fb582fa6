extension DrillRecord {
    /// Judges what was measured against the policy. One that measured nothing cannot pass.
    package mutating func judge() {
        let failures = shortcomings
        verdict = failures.isEmpty ? .pass : .fail
        reasons = failures.isEmpty ? [success] : failures
    }

    private var shortcomings: [String] {
        guard !failovers.isEmpty else { return ["nobody noticed the fault, so nothing was measured"] }
        return failovers.flatMap(shortcomings) + counts
    }

    private func shortcomings(of failover: FailoverRecord) -> [String] {
        var found: [String] = []
        if let served = failover.servedSeconds {
            if served > policy.rto.inSeconds {
                found.append(
                    "\(failover.model) was served after \(FailoverRecord.spoken(served)); "
                        + "the objective is \(policy.rto.spoken)")
            }
        } else {
            found.append("no client of \(failover.model) was served elsewhere")
        }
        if failover.restoredSeconds == nil {
            found.append("\(failover.model) is not whole again: \(failover.unfinished ?? "unknown")")
        }
        return found
    }

    private var counts: [String] {
        let lost = failedRequests + brokenStreams
        let allowed = policy.maxFailed
        var found: [String] = []
        if lost > allowed {
            found.append("\(failedRequests) requests failed and \(brokenStreams) streams broke; at most \(allowed) may")
        }
        if order.users > 0, (load?.requests ?? 0) == 0 { found.append("its load sent nothing") }
        return found
    }

    private var success: String {
        let rto = rtoSeconds.map(FailoverRecord.spoken) ?? "unknown"
        return "served elsewhere after \(rto) (objective \(policy.rto.spoken)), "
            + "\(failedRequests) requests failed and \(brokenStreams) streams broke (at most \(policy.maxFailed))"
    }

    /// The record in a sentence.
    package var sentence: String {
        "drill \(order.text): \(verdict?.rawValue ?? "running"): \(reasons.joined(separator: "; "))"
    }
}
