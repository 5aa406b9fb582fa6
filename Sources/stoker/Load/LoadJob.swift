import ArgumentParser
import Foundation
import StokerCore
import StokerLoad

/// One run from its plan to its report: waits for the start, offers the load, tells what came of it.
struct LoadJob {
    let plan: LoadPlan
    let output: LoadOutputOptions
    let objective: ObjectiveOrder
    /// For `--start-at`.
    var startAt: String?

    /// What came of it, once it has been told.
    struct Result {
        var report: LoadReport
        var log: HistogramLog
    }

    /// - Throws: what cannot be begun. What goes wrong on the way is part of the report.
    func run() async throws(LoadError) -> Result {
        let thresholds = try thresholds()
        let abort = try objective.abortOn.map { text throws(LoadError) in try AbortRule(parsing: text) }
        let mode = try LiveScreen.mode(asked: output.ui, isQuiet: output.quiet, isPlain: output.noTui)
        let metrics = try output.prometheusAddr.map { text throws(LoadError) in try MetricsPort.address(text) }
        var facts = try runFacts()
        if let complaint = DescriptorNeed.complaint(plan, limit: OpenFileLimit.soft) { throw LoadError(complaint) }
        if let startAt { try await Self.wait(for: try StartTime.read(startAt, now: .now)) }
        facts.startedAt = Self.utc(.now)
        var session = LoadSession(plan: plan, goal: LiveGoal(plan, target: Self.title(plan)), mode: mode, run: facts)
        session.abort = abort
        session.metrics = metrics
        let outcome = try await session.run()
        facts.ending = outcome.ending
        facts.abortedBy = outcome.abortedBy
        let report = ReportBuilder.build(outcome.tally, plan: plan, run: facts, thresholds: thresholds)
        return Result(report: report, log: HistogramLog(run: facts, plan: report.plan, tally: outcome.tally))
    }

    private func thresholds() throws(LoadError) -> [Threshold] {
        var thresholds: [Threshold] = []
        for text in objective.thresholds { thresholds.append(try Threshold(parsing: text)) }
        return thresholds
    }

    private func runFacts() throws(LoadError) -> RunFacts {
        var metadata: [String: String] = [:]
        for text in output.metadata {
            let (name, value) = try Asked(text, flag: "--metadata").pair(separator: "=", try: "gpu=H100")
            metadata[name] = value
        }
        let id = String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16)
        return RunFacts(
            id: id, label: output.label, command: CommandText.of(CommandLine.arguments), version: Version.text,
            machine: MachineFacts.read(), isCoLocated: MachineFacts.isHere(plan.target), metadata: metadata)
    }

    private static func wait(for moment: Timestamp) async throws(LoadError) {
        let span = Duration.milliseconds(moment.milliseconds - Timestamp.now.milliseconds)
        Refusal.note("load", "waits \(span.spoken) for the start")
        do {
            try await ContinuousClock().sleep(for: span)
        } catch {
            throw LoadError("ended before it began")
        }
    }

    /// RFC 3339.
    private static func utc(_ moment: Timestamp) -> String {
        TimeText.dateAndTime(moment, utcOffset: 0).replacing(" ", with: "T") + "Z"
    }

    private static func title(_ plan: LoadPlan) -> String {
        let target = plan.target
        let place = target.socketPath.map { "unix:\($0)" } ?? Endpoint(host: target.host, port: target.port).text
        return target.model.isEmpty ? "\(place)\(target.path)" : "\(target.model) @ \(place)"
    }
}
