/// How the canary of a model stands: what `stoker canary status` and the API show.
package struct CanaryStatus: Sendable, Equatable, Codable {
    /// One side of the split since the run began.
    package struct Side: Sendable, Equatable, Codable {
        package var firstAttempts: Int
        package var failed: Int
        /// Turned away with 429 or 503.
        package var refused: Int
        package var reasons: [String: Int]
        /// Median of the last times to the first event.
        package var medianSeconds: Double?

        init(_ attempts: FirstAttempts) {
            firstAttempts = attempts.begun
            failed = attempts.failed
            refused = attempts.refused
            reasons = attempts.reasons
            medianSeconds = attempts.medianTime.map { Double($0) / 1e6 }
        }
    }

    package var model: String
    /// `none`, `running`, `paused`, `promoted`, `rolled-back` or `aborted`.
    package var state: String
    /// The canary's backends: of the run, else what the config offers.
    package var backends: [String]
    /// The share that it gets now, in per mille.
    package var permille: Int
    /// Shares in per mille.
    package var steps: [Int]
    /// When the run began, or when it ended.
    package var since: Timestamp?
    package var canary: Side?
    package var stable: Side?
    /// At `evidenceLimit` it is rolled back.
    package var evidence: Double?
    package var evidenceLimit: Double
    package var evidenceOfFailures: Double?
    package var evidenceOfSlowness: Double?
    /// Why it ended, as a clause.
    package var why: String?
    /// What comes next, and when, in words.
    package var next: String

    /// - Parameter offered: the canary's backends by the plan.
    package init(_ machine: CanaryMachine, offered: [String]) {
        model = machine.model
        permille = machine.split?.permille ?? 0
        evidenceLimit = CanaryEvidence.limit
        (state, backends, steps, next) = ("none", offered, [], "nothing runs; stoker canary start \(machine.model)")
        switch machine.phase {
        case .none: break
        case .running(let run):
            show(run)
            (state, since, next) = (run.isPaused ? "paused" : "running", run.startedAt, Self.next(run))
        case .promoted(let order, _, let date):
            (state, backends, steps, since) = ("promoted", order.backends, order.steps, date)
            next = "serves all clients until the config no longer names it a canary; move it to backends"
        case .rolledBack(let end): show(end, "rolled-back")
        case .aborted(let end): show(end, "aborted")
        }
    }

    private mutating func show(_ run: CanaryRun) {
        (backends, steps) = (run.order.backends, run.order.steps)
        (canary, stable) = (Side(run.canary), Side(run.stable))
        evidence = run.evidence.wealth
        evidenceOfFailures = run.evidence.failures
        evidenceOfSlowness = run.evidence.slowness
    }

    private mutating func show(_ end: CanaryEnd, _ name: String) {
        show(end.run)
        (state, since, why) = (name, end.at, end.why)
    }

    private static func next(_ run: CanaryRun) -> String {
        if run.isPaused { return "waits for the canary to serve again" }
        let goal = run.nextPermille.map(ShareText.percent) ?? "100 %"
        let missing = run.order.minRequests - run.counted
        var conditions: [String] = []
        if run.remaining > .zero { conditions.append("in \(run.remaining.spoken)") }
        if missing > 0 { conditions.append("after \(missing) more first attempts") }
        if run.isUnderSuspicion {
            conditions.append("once the evidence is below \(WealthText.text(CanaryRun.suspicion))")
        }
        return ([goal] + (conditions.isEmpty ? ["now"] : conditions)).joined(separator: " ")
    }
}

/// The body of `GET /api/v1/canaries`.
package struct CanaryPage: Sendable, Equatable, Codable {
    /// Of each model that has a canary in the config or has had one, by name.
    package var canaries: [CanaryStatus]

    package init(canaries: [CanaryStatus]) { self.canaries = canaries }
}
