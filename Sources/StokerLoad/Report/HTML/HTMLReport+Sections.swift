extension HTMLReport {
    // MARK: What was promised

    var objective: String {
        var html = ""
        if !report.objective.isEmpty {
            let rows = report.objective.map { row in
                [
                    row.measure.rawValue, "≤ \(Figure.milliseconds(row.boundMs))",
                    row.share.map(Figure.percent) ?? "-", Figure.count(row.kept), Figure.count(row.missed),
                    row.undefined > 0 ? "\(Figure.count(row.undefined)) without the value, not held against them" : "",
                ]
            }
            html += HTMLText.table(["bound", "", "kept by", "kept", "missed", ""], rows)
            html +=
                "<p class=\"note-text\">Of requests that succeeded. Goodput counts those scheduled in the window that kept "
                + "every bound; failures and drops are bad, what the run's end cut is left out.</p>"
        }
        if !report.thresholds.isEmpty {
            let rows = report.thresholds.map { threshold in
                let mark = threshold.isMet ? "<span class=\"good\">met</span>" : "<span class=\"bad\">missed</span>"
                return ["<code>\(HTMLText.escaped(threshold.text))</code>", mark, HTMLText.escaped(threshold.shown)]
            }
            html += HTMLText.table(["threshold", "", "measured"], rows, kind: "words")
        }
        return html.isEmpty ? "" : "<h2>Objective and thresholds</h2>" + html
    }

    // MARK: What went wrong

    var errors: String {
        let counts = report.counts
        var facts = [
            ("Sent", Figure.count(counts.sent)), ("Succeeded", Figure.count(counts.ok)),
            ("Failed", Figure.count(counts.bad)), ("Dropped", Figure.count(counts.dropped)),
            ("Cut by the end", Figure.count(counts.censored)),
        ]
        if counts.warmUp > 0 { facts.append(("Warm-up", "\(Figure.count(counts.warmUp)), not counted")) }
        let rows = report.errors.map { error in
            [
                error.outcome.rawValue, Figure.count(error.count), Figure.short(error.first) + " s",
                Figure.short(error.last) + " s", "<code>\(HTMLText.escaped(error.sample))</code>",
            ]
        }
        let table =
            rows.isEmpty ? "" : HTMLText.table(["class", "count", "first", "last", "sample"], rows, kind: "words")
        return "<h2>How requests ended</h2>" + HTMLText.facts(facts) + table
    }

    // MARK: How much it can take

    var sweep: String {
        guard report.sweep.count > 1, let unit = report.sweep.first?.unit else { return "" }
        let steps = report.sweep.sorted { $0.level < $1.level }
        let best = steps.last { $0.isWithinObjective }
        let words =
            best.map { "\(Figure.short($0.level)) \(unit) is the most that kept the objective." }
            ?? "No level kept the objective."
        let rows = steps.map { step in
            [
                Figure.short(step.level), step.isWithinObjective ? "kept" : "missed", Figure.significant(step.requests),
                Figure.fixed(step.outputTokens, 0), Figure.significant(step.goodput),
                step.attainment.map(Figure.percent) ?? "-", step.ttftP50.map(Figure.significant) ?? "-",
                step.ttftP99.map(Figure.significant) ?? "-", step.tpotP99.map(Figure.significant) ?? "-",
                step.verdict.rawValue,
            ]
        }
        let head = [
            HTMLText.escaped(unit), "objective", "req/s", "tok/s", "goodput", "attainment", "ttft p50", "ttft p99",
            "tpot p99", "measurement",
        ]
        return "<h2>Saturation</h2><p>\(HTMLText.escaped(words))</p>" + saturation(steps, unit)
            + HTMLText.table(head, rows)
    }

    private func saturation(_ steps: [SweepStep], _ unit: String) -> String {
        let most = steps.map(\.level).max() ?? 1
        let top = steps.map { max($0.requests, $0.goodput) }.max() ?? 1
        var plot = SVGPlot(
            "Throughput and goodput by load", "Goodput falls where the objective breaks",
            x: (.linear, 0...most), y: (.linear, 0...Axis.roundedUp(top)))
        plot.line(steps.map { ($0.level, $0.requests) }, "thin f")
        plot.line(steps.map { ($0.level, $0.goodput) }, "a")
        for step in steps {
            plot.dot(
                (step.level, step.goodput), step.isWithinObjective ? "a" : "r",
                title: "\(Figure.short(step.level)) \(unit): goodput \(Figure.significant(step.goodput))/s")
        }
        let svg = plot.render(xLabel: Figure.short, yLabel: Figure.short, unit: unit)
        return "<div class=\"plots\">"
            + Self.figure(
                "Goodput by load", svg, "Goodput (line; red where the objective broke), all that succeeded (dotted)")
            + "</div>"
    }

    // MARK: What was run

    var setting: String {
        let (plan, run, machine) = (report.plan, report.run, report.run.machine)
        var facts: [(String, String)] = [
            ("Target", plan.target), ("Model", plan.model.isEmpty ? "-" : plan.model),
            ("Endpoint", plan.endpoint.rawValue + (plan.isStreamed ? ", streamed" : "")), ("Load", plan.arrival),
            ("Dataset", plan.dataset), ("Caches", plan.bustsCache ? "kept out: each prompt begins anew" : "may answer"),
            ("Answers", plan.ignoresEnd ? "up to max_tokens, whatever they say" : "end when they end"),
            ("Measured", "\(Figure.time(report.window.start)) to \(Figure.time(report.window.end))"),
            ("Seed", "\(plan.seed)"), ("Loops", "\(plan.loops)"),
            ("Connections", plan.keepsAlive ? "used again" : "a new one each"),
            ("Cap in flight", plan.inFlightCap.map(Figure.count) ?? "none"),
            ("Prompts", report.tokens.meanInput.map { "\(Figure.significant($0)) tokens each" } ?? "-"),
            ("Answers' length", report.tokens.meanOutput.map { "\(Figure.significant($0)) tokens each" } ?? "-"),
            ("Started", run.startedAt), ("Stoker", run.version), ("Host", machine.host), ("Kernel", machine.kernel),
            ("Processor", machine.processor), ("Governor", machine.governor ?? "-"),
            ("Clock", machine.clockSource ?? "-"),
            ("Server here too", run.isCoLocated ? "yes" : "no"),
        ]
        facts += run.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let lines = facts.map { (HTMLText.escaped($0), HTMLText.escaped($1)) }
        let command = run.command.isEmpty ? "" : "<p><code>\(HTMLText.escaped(run.command))</code></p>"
        return "<h2>What was run</h2>" + command + HTMLText.facts(lines)
    }
}
