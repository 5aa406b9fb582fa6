internal import StokerCore

/// The report for a terminal: whether it can be believed, then the numbers, each with what it means.
package struct TextReport {
    private let report: LoadReport
    private let style: TextStyle

    /// The report's text.
    package static func render(_ report: LoadReport, isColoured: Bool = false, width: Int? = nil) -> String {
        let text = TextReport(report: report, style: TextStyle(isColoured: isColoured, width: width))
        return [text.head, text.measures, text.rates, text.failures, text.client, text.thresholds]
            .filter { !$0.isEmpty }.joined(separator: "\n")
    }

    // MARK: What was run, and whether to believe it

    private var head: String {
        let plan = report.plan
        let model = plan.model.isEmpty ? "" : SafeText.escaped(plan.model) + " @ "
        let length = Figure.time(report.window.end)
        var lines = [
            "\(strong("LOAD")) run \(SafeText.escaped(report.run.id))  \(model)\(SafeText.escaped(plan.target))",
            "     \(plan.arrival), \(length), seed \(plan.seed)",
            "     \(SafeText.escaped(plan.dataset))\(plan.bustsCache ? ", caches kept out" : "")",
        ]
        let level = report.verdict.level
        lines.append("\(strong("VERDICT")) measurement \(style.paint(level.rawValue, level.tone))\(objectiveWords)")
        lines += report.verdict.reasons.map { reason in
            "     \(style.paint(reason.level == .valid ? "note" : reason.level.rawValue.lowercased(), reason.level.tone))"
                + " \(reason.check): \(reason.text)"
        }
        if report.run.ending != .complete {
            let cause = report.run.abortedBy.map { " by " + SafeText.escaped($0) } ?? ""
            lines.append("     \(style.paint("the run was \(report.run.ending.rawValue)\(cause)", .warning))")
        }
        lines += steadiness
        return lines.joined(separator: "\n") + "\n"
    }

    private var objectiveWords: String {
        guard let share = report.rates.attainment, !report.objective.isEmpty else { return "" }
        return "   objective kept by \(Figure.percent(share)) of requests"
    }

    private var steadiness: [String] {
        guard let steady = report.steadiness else { return [] }
        guard steady.from == nil else { return [] }
        let what = steady.drifting.joined(separator: " and ")
        return [
            "     \(style.paint("never steady", .warning)): \(what) went on changing to the end; "
                + "these figures are of no one state"
        ]
    }

    // MARK: Latencies

    private var measures: String {
        guard !report.distributions.isEmpty else { return style.paint("no request succeeded", .bad) + "\n" }
        let shown: [Double] = [0.5, 0.9, 0.99, 0.999]
        let columns =
            [Table.Column("MS"), .init("MEAN", .right)]
            + shown.map { .init("P" + Figure.short($0 * 100), .right) }
            + [.init("MAX", .right), .init("N", .right), .init("P99 95%", .right), .init("DEFINITION")]
        let rows = report.distributions.map { distribution -> [Table.Cell] in
            let quantiles = shown.map { fraction -> Table.Cell in
                guard let quantile = distribution.quantiles.first(where: { $0.fraction == fraction }) else { return "" }
                guard let value = quantile.value else { return .init("n<\(Figure.count(quantile.needed))", .faint) }
                return .init(Figure.significant(value))
            }
            return [.init(distribution.measure.rawValue), .init(Figure.significant(distribution.mean))] + quantiles + [
                .init(Figure.significant(distribution.most)), .init(Figure.count(distribution.count)),
                .init(interval(of: distribution)), .init(distribution.definition, .faint),
            ]
        }
        return Table(columns, rows: rows).rendered(style)
    }

    private func interval(of distribution: Distribution) -> String {
        guard let quantile = distribution.quantiles.first(where: { $0.fraction == 0.99 }), let low = quantile.low,
            let high = quantile.high
        else { return "" }
        return "\(Figure.significant(low)) to \(Figure.significant(high))"
    }

    // MARK: Amounts

    private var rates: String {
        let (counts, rates) = (report.counts, report.rates)
        var requests = [
            "sent \(Figure.count(counts.sent))", style.paint("ok \(Figure.count(counts.ok))", .good),
            style.paint("bad \(Figure.count(counts.bad))", counts.bad > 0 ? .bad : .plain),
            "dropped \(Figure.count(counts.dropped))", "censored \(Figure.count(counts.censored))",
        ]
        if counts.warmUp > 0 { requests.append("warm-up \(Figure.count(counts.warmUp))") }
        if let target = rates.target {
            let ratio = target > 0 ? " (\(Figure.percent(rates.achieved / target)))" : ""
            requests.append("achieved \(Figure.significant(rates.achieved)) of \(Figure.significant(target))/s\(ratio)")
        }
        let tokens = report.tokens
        let sign = tokens.source == .usage ? "" : "~"
        var amounts = [
            "\(Figure.significant(rates.requests)) req/s", "\(sign)\(Figure.fixed(rates.outputTokens, 0)) output tok/s",
            "goodput \(Figure.significant(rates.goodput)) req/s",
        ]
        if let perEvent = tokens.perEvent { amounts.append("tokens/event \(sign)\(Figure.fixed(perEvent, 2))") }
        if let share = tokens.coalescedShare { amounts.append("coalesced \(Figure.percent(share))") }
        var lines = [row("requests", requests), row("rates", amounts)]
        if let input = tokens.meanInput, let output = tokens.meanOutput {
            lines.append(
                row(
                    "tokens",
                    [
                        "input \(Figure.significant(input)) each", "output \(sign)\(Figure.significant(output)) each",
                        "counted by \(tokens.source == .usage ? "the server" : tokens.source == .events ? "events" : "the server and events")",
                    ]))
        }
        if let buffering = report.buffering { lines.append(row("buffering", [style.paint(buffering, .warning)])) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var failures: String {
        report.errors.map { error in
            let sample = error.sample.isEmpty ? "" : "  " + SafeText.escaped(String(error.sample.prefix(100)))
            return row(
                "failed",
                [
                    "\(style.paint(error.outcome.rawValue, .bad)) \(Figure.count(error.count))"
                        + ", \(Figure.short(error.first)) s to \(Figure.short(error.last)) s\(sample)"
                ]) + "\n"
        }.joined()
    }

    private var client: String {
        let client = report.client
        var parts: [String] = []
        func add(_ name: String, _ value: Double?, _ text: (Double) -> String) {
            if let value { parts.append("\(name) \(text(value))") }
        }
        add("send lag p99", client.sendLagP99Ms, Figure.milliseconds)
        add("loop lag p99", client.loopLagP99Ms, Figure.milliseconds)
        add("cpu", client.cpuShare) { "\(Figure.percent($0)) of \(Figure.short(client.processors))" }
        add("reused", client.reusedShare, Figure.percent)
        add("in flight", client.meanInFlight) { "\(Figure.significant($0)), most \(Figure.count(client.mostInFlight))" }
        add("Little's law off by", client.littleGap, Figure.percent)
        return row("generator", parts) + "\n"
    }

    // MARK: Conditions

    private var thresholds: String {
        report.thresholds.map { threshold in
            let mark = threshold.isMet ? style.paint("met   ", .good) : style.paint("missed", .bad)
            return row("threshold", ["\(mark) \(SafeText.escaped(threshold.text))", threshold.shown]) + "\n"
        }.joined()
    }

    private func row(_ title: String, _ parts: [String]) -> String {
        style.paint(title + String(repeating: " ", count: max(1, 11 - title.count)), .faint)
            + parts.joined(separator: "  ")
    }

    private func strong(_ text: String) -> String { style.paint(text, .strong) }
}

extension Verdict.Level {
    fileprivate var tone: Tone {
        switch self {
        case .valid: .good
        case .suspect: .warning
        case .invalid: .bad
        }
    }
}
