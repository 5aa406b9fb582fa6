/// The comparison as one HTML file: the figures with their intervals, and both runs' curves over each other.
package enum HTMLComparison {
    /// The file's text.
    package static func render(_ comparison: Comparison) -> String {
        let title = "Load tests \(name(comparison.before)) and \(name(comparison.after))"
        let body = [
            "<h1>\(HTMLText.escaped(title))</h1>", banner(comparison), runs(comparison), table(comparison),
            plots(comparison),
        ]
        return HTMLPage.render(title: title, body: body, data: nil)
    }

    private static func name(_ report: LoadReport) -> String { report.run.label ?? report.run.id }

    private static func banner(_ comparison: Comparison) -> String {
        guard comparison.obstacles.isEmpty else {
            let lines = comparison.obstacles.map { "<li>\(HTMLText.escaped($0))</li>" }.joined()
            return "<div class=\"banner invalid\"><strong>Not comparable</strong><p>because</p><ul>\(lines)</ul></div>"
        }
        let changed = comparison.rows.filter { $0.judgement == .beyondNoise }
        let words = changed.map { "\($0.name) \(TextComparison.signed($0.change))" }.joined(separator: ", ")
        let reading = changed.isEmpty ? "No difference is beyond what runs vary by." : "Beyond noise: \(words)."
        return "<div class=\"banner valid\"><strong>Comparable</strong><p>\(HTMLText.escaped(reading))</p></div>"
    }

    private static func runs(_ comparison: Comparison) -> String {
        let rows = [("before", comparison.before), ("after", comparison.after)].map { name, report in
            [
                name, HTMLText.escaped(report.run.id), HTMLText.escaped(report.run.startedAt),
                HTMLText.escaped(report.plan.target),
                HTMLText.escaped(report.plan.arrival), report.verdict.level.rawValue,
            ]
        }
        return HTMLText.table(["", "run", "started", "target", "load", "measurement"], rows, kind: "words")
    }

    private static func table(_ comparison: Comparison) -> String {
        let rows = comparison.rows.map { row in
            let judged =
                row.judgement == .beyondNoise
                ? "<b>\(row.judgement.rawValue)</b>" : "<span class=\"withheld\">\(row.judgement.rawValue)</span>"
            return [
                row.name, row.unit, Figure.significant(row.before), Figure.significant(row.after),
                TextComparison.signed(row.change), TextComparison.interval(of: row), judged,
            ]
        }
        return "<h2>Figures</h2>" + HTMLText.table(["", "", "before", "after", "change", "95% interval", ""], rows)
    }

    private static func plots(_ comparison: Comparison) -> String {
        let plots = [
            (Measure.ttft, "Time to first token"), (.tpot, "Time per token"), (.icl, "Gaps between tokens"),
            (.e2e, "End to end"),
        ]
        .compactMap { measure, name -> String? in
            guard let before = comparison.before.distribution(of: measure),
                let after = comparison.after.distribution(of: measure)
            else { return nil }
            return HTMLReport.percentiles(name, [(before, "b", "before"), (after, "a", "after")])
        }
        return plots.isEmpty ? "" : "<h2>Percentiles</h2><div class=\"plots\">\(plots.joined(separator: "\n"))</div>"
    }
}
