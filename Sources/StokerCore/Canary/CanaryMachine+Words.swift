/// What a person is told.
extension CanaryMachine {
    static func step(_ run: CanaryRun) -> String { ShareText.percent(run.permille) }

    /// Why a canary is rolled back, from its evidence.
    static func verdict(_ run: CanaryRun) -> String {
        run.evidence.failures >= run.evidence.slowness
            ? "it fails more first attempts than stable" : "it is slower to begin than stable"
    }

    /// Both sides in figures, and the wealth.
    static func facts(_ run: CanaryRun) -> [String] {
        let evidence = run.evidence
        return [
            side("canary", run.canary), side("stable", run.stable),
            "evidence against it: \(WealthText.text(evidence.wealth)) of \(WealthText.text(CanaryEvidence.limit))"
                + " (failures \(WealthText.text(evidence.failures)), slowness \(WealthText.text(evidence.slowness)))",
        ]
    }

    private static func side(_ name: String, _ attempts: FirstAttempts) -> String {
        let kinds = attempts.reasons.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let reasons = kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))"
        let time = attempts.medianTime.map { ", first event after \(Duration.microseconds($0).spoken) (median)" } ?? ""
        return "\(name): \(attempts.begun) first attempts, \(attempts.failed) failed\(reasons), "
            + "\(attempts.refused) turned away\(time)"
    }

    private static func names(_ order: CanaryOrder) -> String { order.backends.joined(separator: ", ") }

    func started(_ run: CanaryRun) -> Effect {
        let further = run.order.steps.dropFirst().map(ShareText.percent).joined(separator: ", ")
        return .record(
            .canaryStarted, .info,
            message: "The canary \(Self.names(run.order)) gets \(Self.step(run)) of the clients, then \(further).",
            evidence: [
                "each step: at least \(run.order.hold.spoken) and \(run.order.minRequests) first attempts",
                "rolled back at evidence \(WealthText.text(CanaryEvidence.limit)) that it is worse",
            ])
    }

    func stepped(from run: CanaryRun, to further: CanaryRun, _ why: String) -> Effect {
        .record(
            .canaryStep, .info,
            message: "The canary \(Self.names(run.order)) gets \(Self.step(further)) of the clients: \(why).",
            evidence: Self.facts(run))
    }

    func paused(_ run: CanaryRun) -> Effect {
        .record(
            .canaryPaused, .warning,
            message: "The canary \(Self.names(run.order)) does not serve: its share is back with stable.",
            evidence: Self.facts(run))
    }

    func resumed(_ run: CanaryRun) -> Effect {
        .record(
            .canaryStep, .info,
            message: "The canary \(Self.names(run.order)) serves again and gets \(Self.step(run)) of the clients.",
            evidence: Self.facts(run))
    }

    func promoted(_ run: CanaryRun, _ why: String) -> Effect {
        .record(
            .canaryPromoted, .info,
            message: "The canary \(Self.names(run.order)) serves all clients until the config changes: \(why).",
            evidence: Self.facts(run))
    }

    func rolledBack(_ run: CanaryRun, _ why: String) -> Effect {
        .record(
            .canaryRolledBack, .warning,
            message: "The canary \(Self.names(run.order)) was rolled back at \(Self.step(run)): \(why).",
            evidence: Self.facts(run))
    }

    func aborted(_ order: CanaryOrder, _ facts: [String]) -> Effect {
        .record(
            .canaryAborted, .info,
            message: "The canary \(Self.names(order)) was aborted: all clients are back with stable.", evidence: facts)
    }
}

/// Evidence as people read it.
package enum WealthText {
    /// `0.4`, `12`, `204`; more than a million is that.
    package static func text(_ wealth: Double) -> String {
        guard wealth >= 0, wealth < 1e6 else { return "over 1000000" }
        let tenths = Int((wealth * 10).rounded())
        return tenths >= 100 || tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
