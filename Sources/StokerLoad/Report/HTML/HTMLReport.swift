/// The report as one HTML file without network, script or library: the verdict first, then what was run, whether the
/// generator kept up, and only then the figures.
package struct HTMLReport {
    let report: LoadReport

    /// The file's text.
    ///
    /// - Throws: when a number is not finite.
    package static func render(_ report: LoadReport) throws(LoadError) -> String {
        let page = HTMLReport(report: report)
        let body = [
            page.banner, page.key, page.health, page.latencies, page.distributions, page.course, page.objective,
            page.errors, page.sweep, page.setting,
        ]
        return HTMLPage.render(title: page.title, body: body, data: try report.jsonLine())
    }

    private var title: String {
        let model = report.plan.model.isEmpty ? report.plan.target : report.plan.model
        return "Load test \(report.run.label ?? report.run.id): \(model)"
    }

    // MARK: Verdict

    private var banner: String {
        let level = report.verdict.level
        let reasons = report.verdict.reasons.map {
            "<li><b>\(HTMLText.escaped($0.check))</b> \(HTMLText.escaped($0.text))</li>"
        }
        let list = reasons.isEmpty ? "" : "<ul>\(reasons.joined())</ul>"
        let words = HTMLText.escaped(PlainReading.words(report))
        return """
            <h1>\(HTMLText.escaped(title))</h1>
            <p class="sub">\(HTMLText.escaped(report.plan.target)) · \(HTMLText.escaped(report.plan.arrival)) · \
            \(HTMLText.escaped(report.run.startedAt)) · run \(HTMLText.escaped(report.run.id))</p>
            <div class="banner \(level.rawValue.lowercased())"><strong>Measurement \(level.rawValue)</strong>
            <p>\(words)</p>\(list)</div>
            """
    }

    private var key: String {
        let rates = report.rates
        var cells = [("\(Figure.significant(rates.requests))/s", "requests that succeeded")]
        if !report.objective.isEmpty {
            cells.append(("\(Figure.significant(rates.goodput))/s", "goodput"))
            if let share = rates.attainment { cells.append((Figure.percent(share), "kept every bound")) }
        }
        if report.tokens.output > 0 {
            let sign = report.tokens.source == .usage ? "" : "~"
            cells.append(("\(sign)\(Figure.fixed(rates.outputTokens, 0))/s", "output tokens"))
        }
        for (measure, name) in [(Measure.ttft, "to the first token"), (.tpot, "per token"), (.e2e, "end to end")] {
            guard let distribution = report.distribution(of: measure) else { continue }
            let shown = distribution.quantiles.last { $0.value != nil && $0.fraction <= 0.99 }
            guard let shown, let value = shown.value else { continue }
            cells.append((Figure.milliseconds(value), "p\(Figure.short(shown.fraction * 100)) \(name)"))
        }
        if let share = rates.errorRate { cells.append((Figure.percent(share), "failed")) }
        return "<div class=\"key\">" + cells.map { "<div><b>\($0)</b><span>\($1)</span></div>" }.joined() + "</div>"
    }

    // MARK: The generator

    private var health: String {
        let client = report.client
        func ms(_ value: Double?) -> String { value.map(Figure.milliseconds) ?? "-" }
        var rows = [
            (
                "Send lag",
                "p50 \(ms(client.sendLagP50Ms)), p99 \(ms(client.sendLagP99Ms)), most \(ms(client.sendLagMaxMs))"
            ),
            ("Loop lag", "p99 \(ms(client.loopLagP99Ms)), most \(ms(client.loopLagMaxMs))"),
            (
                "Processor time",
                (client.cpuShare.map(Figure.percent) ?? "-")
                    + " of \(Figure.short(client.processors)), busiest loop \(Figure.percent(client.busiestLoop))"
            ),
            (
                "In flight",
                "\(client.meanInFlight.map(Figure.significant) ?? "-") on average, most \(Figure.count(client.mostInFlight))"
            ),
            ("Little's law", client.littleGap.map { "off by \(Figure.percent($0))" } ?? "-"),
            (
                "Connections",
                "\(Figure.count(client.connections)), \(client.reusedShare.map(Figure.percent) ?? "-") of requests on a used one"
            ),
            ("Tokens counted by", tokenSource),
        ]
        if let target = report.rates.target {
            let offered =
                "\(Figure.significant(report.rates.achieved)) of \(Figure.significant(target)) requests a second"
            rows.insert(("Rate reached", offered), at: 0)
        }
        if client.throttledMs > 0 {
            rows.append(("Held back", "\(Figure.milliseconds(client.throttledMs)) by the cgroup"))
        }
        if let perEvent = report.tokens.perEvent {
            let coalesced = report.tokens.coalescedShare.map { ", \(Figure.percent($0)) of events shared a read" } ?? ""
            rows.append(("Tokens per event", Figure.fixed(perEvent, 2) + coalesced))
        }
        let buffering = report.buffering.map { "<p class=\"warn\">\(HTMLText.escaped($0))</p>" } ?? ""
        return "<h2>Can the measurement be believed?</h2>" + HTMLText.facts(rows) + buffering
    }

    private var tokenSource: String {
        switch report.tokens.source {
        case .usage: "the server (usage)"
        case .events: "events: an estimate (~)"
        case .mixed: "the server, where it said; events else (~)"
        }
    }

    // MARK: Latencies

    private var latencies: String {
        guard !report.distributions.isEmpty else { return "" }
        let head =
            ["milliseconds", "mean"] + SampleSize.table.map { "p\(Figure.short($0.fraction * 100))" } + [
                "most", "values", "<span class=\"definition\">definition</span>",
            ]
        let rows = report.distributions.map { distribution in
            [distribution.measure.rawValue, Figure.significant(distribution.mean)]
                + distribution.quantiles.map(cell) + [
                    Figure.significant(distribution.most), Figure.count(distribution.count),
                    "<span class=\"definition\">\(distribution.definition)</span>",
                ]
        }
        return "<h2>Latencies</h2>" + HTMLText.table(head, rows)
            + "<p class=\"note-text\">Small figures: the 95% interval, from \(report.parts.count) stretches of the run drawn "
            + "again and again. A percentile is withheld (n&lt;) below the sample it needs. Intended: from when the plan "
            + "wanted the request; actual or service: from when it left, as vLLM and others count.</p>"
    }

    private func cell(_ quantile: Distribution.Quantile) -> String {
        guard let value = quantile.value else {
            return "<span class=\"withheld\">n&lt;\(Figure.count(quantile.needed))</span>"
        }
        guard let low = quantile.low, let high = quantile.high else { return Figure.significant(value) }
        return "\(Figure.significant(value))<br><small>\(Figure.significant(low))–\(Figure.significant(high))</small>"
    }
}
