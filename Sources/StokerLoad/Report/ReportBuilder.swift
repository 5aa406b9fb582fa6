/// Makes a report of what was counted. Pure: equal counts, equal report.
package struct ReportBuilder: Sendable {
    /// How much work a report is worth.
    package enum Depth: Sendable {
        /// Intervals and parts: for the end of a run, some hundred milliseconds.
        case whole
        /// Without them: for rules that are looked at while it runs.
        case quick
    }

    private let tally: Tally
    private let plan: PlanFacts
    private let run: RunFacts
    private let window: MeasuredWindow

    private init(_ tally: Tally, _ plan: PlanFacts, _ run: RunFacts) {
        self.tally = tally
        self.plan = plan
        self.run = run
        window = MeasuredWindow(tally, plan, run.ending)
    }

    /// The report of a run.
    package static func build(
        _ tally: Tally, plan: LoadPlan, run: RunFacts, thresholds: [Threshold] = [], depth: Depth = .whole
    ) -> LoadReport {
        build(tally, plan: PlanFacts(plan), run: run, thresholds: thresholds, depth: depth)
    }

    /// The report of a run that a log tells of.
    package static func build(
        _ tally: Tally, plan: PlanFacts, run: RunFacts, thresholds: [Threshold] = [], depth: Depth = .whole
    ) -> LoadReport {
        var report = ReportBuilder(tally, plan, run).report(depth)
        report.thresholds = thresholds.map { $0.check(report) }
        report.exitStatus =
            LoadExit.of(
                run.ending, succeeded: report.counts.ok, verdict: report.verdict.level, thresholds: report.thresholds
            ).rawValue
        return report
    }

    private func report(_ depth: Depth) -> LoadReport {
        let distributions = Measure.allCases.compactMap { measure in
            Distribution(
                measure, tally.total.latencies[measure],
                parts: depth == .whole ? tally.parts.map { $0.latencies[measure] } : [], seed: plan.seed)
        }
        return LoadReport(
            run: run, plan: plan, verdict: Verdict.judge(tally, plan: plan, run: run), window: window, counts: counts,
            errors: errors, rates: rates, distributions: distributions, objective: objective, tokens: tokens,
            buffering: Buffering.words(tally.total), steadiness: steadiness, client: client, timeline: tally.timeline,
            parts: depth == .whole ? parts : [])
    }

    private var counts: LoadReport.Counts {
        let total = tally.total
        return LoadReport.Counts(
            scheduled: total.scheduled, sent: total.sent, ok: total.count(.ok), bad: total.bad,
            dropped: total.count(.dropped), censored: total.count(.censored), good: total.good,
            warmUp: tally.warmUp.scheduled)
    }

    /// The most frequent first.
    private var errors: [LoadReport.ErrorRow] {
        tally.errors.map { outcome, error in
            LoadReport.ErrorRow(
                outcome: outcome, count: error.count, first: Double(error.first) / 1e9,
                last: Double(error.last) / 1e9, sample: error.sample)
        }.sorted { ($1.count, $0.outcome.rawValue) < ($0.count, $1.outcome.rawValue) }
    }

    private var rates: LoadReport.Rates {
        let total = tally.total
        let load = OfferedLoad(tally, plan, window, run.ending)
        let judged = Double(total.scheduled - total.count(.censored))
        let share = judged > 0 ? 1 / judged : nil
        let ok = Double(total.count(.ok))
        let requests = inWindow(\.ok)
        return LoadReport.Rates(
            target: plan.loop == .open ? load.target : nil, achieved: load.achieved, requests: requests,
            outputTokens: inWindow(\.tokens),
            // Read when the answer begins, which the timeline does not know: each answer's share.
            inputTokens: ok > 0 ? Double(total.inputTokens) / ok * requests : 0,
            goodput: Double(total.good) / window.length, attainment: share.map { Double(total.good) * $0 },
            errorRate: share.map { Double(total.bad) * $0 })
    }

    private func inWindow(_ value: (Timeline.Bin) -> Int) -> Double {
        window.sum(tally.timeline, value) / window.length
    }

    private var objective: [LoadReport.BoundRow] {
        let bounds = tally.total.bounds
        let rows: [(Measure, Nanoseconds?, Tally.BoundCounts.Kept)] = [
            (.ttft, plan.objective.ttft, bounds.ttft), (.tpot, plan.objective.tpot, bounds.tpot),
            (.e2e, plan.objective.e2e, bounds.e2e),
        ]
        return rows.compactMap { measure, bound, counted in
            bound.map {
                LoadReport.BoundRow(
                    measure: measure, boundMs: Double($0) / 1e6, kept: counted.kept, missed: counted.missed,
                    undefined: counted.undefined)
            }
        }
    }

    private var tokens: LoadReport.TokenFacts {
        let total = tally.total
        let ok = total.count(.ok)
        let source: LoadReport.TokenFacts.Source =
            total.counted == 0 ? .events : total.counted == ok ? .usage : .mixed
        func each(_ count: Int, of all: Int) -> Double? { all > 0 ? Double(count) / Double(all) : nil }
        return LoadReport.TokenFacts(
            source: source, input: total.inputTokens, output: total.outputTokens,
            meanInput: each(total.inputTokens, of: ok), meanOutput: each(total.outputTokens, of: ok),
            perEvent: each(total.outputTokens, of: total.tokenEvents),
            coalescedShare: each(total.coalescedEvents, of: total.tokenEvents))
    }

    private var steadiness: LoadReport.Steadiness? {
        let bins = tally.timeline.bins.prefix(Int((window.end - 1) / tally.timeline.binLength) + 1)
        var last = bins.lazy.compactMap(\.ttftMean).first ?? 0
        let ttft = bins.map { bin in
            last = bin.ttftMean ?? last
            return last
        }
        let series = [("ttft", ttft), ("requests in flight", bins.map { Double($0.inFlight) })]
        let states = series.compactMap { name, values in SteadyState.of(values).map { (name, $0) } }
        guard !states.isEmpty else { return nil }
        let drifting = states.filter(\.1.isDrifting).map(\.0)
        let start = states.map(\.1.start).max() ?? 0
        return LoadReport.Steadiness(
            from: drifting.isEmpty ? Double(Int64(start) * tally.timeline.binLength) / 1e9 : nil, drifting: drifting)
    }

    private var client: LoadReport.ClientSummary {
        let client = tally.client
        let lag = tally.total.latencies[.sendLag]
        func ms(_ value: Nanoseconds?) -> Double? { value.map { Double($0) / 1e6 } }
        let wall = Double(client.wall)
        return LoadReport.ClientSummary(
            sendLagP50Ms: ms(lag.quantile(0.5)), sendLagP99Ms: ms(lag.quantile(0.99)), sendLagMaxMs: ms(lag.max),
            loopLagP99Ms: ms(client.loopLag.quantile(0.99)), loopLagMaxMs: ms(client.loopLag.max),
            cpuShare: wall > 0 && client.processors > 0 ? Double(client.cpu) / wall / client.processors : nil,
            busiestLoop: client.busiestLoop, processors: client.processors,
            reusedShare: tally.total.sent > 0 ? Double(tally.total.reused) / Double(tally.total.sent) : nil,
            connections: client.connections, mostInFlight: client.mostInFlight,
            meanInFlight: wall > 0 ? client.inFlightTime / wall : nil, littleGap: client.littleGap,
            throttledMs: Double(client.throttled) / 1e6, descriptorLimit: client.descriptorLimit)
    }

    private var parts: [LoadReport.PartRow] {
        tally.parts.enumerated().compactMap { index, part in
            let texts = Tally.Part.measures.compactMap { measure in
                let histogram = part.latencies[measure]
                return histogram.isEmpty
                    ? nil : HistogramCodec.text(of: histogram).map { (measure.rawValue, $0) }
            }
            guard !texts.isEmpty else { return nil }
            return LoadReport.PartRow(
                start: Double(Int64(index) * tally.partLength) / 1e9,
                histograms: Dictionary(texts) { first, _ in first })
        }
    }
}
