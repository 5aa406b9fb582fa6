extension HTMLReport {
    // MARK: Distributions

    var distributions: String {
        let curve = percentileCurve
        let shares = [
            (Measure.ttft, "Time to first token"), (.icl, "Gaps between tokens"), (.tpot, "Time per token"),
            (.e2e, "End to end"),
        ]
        .compactMap { measure, name in report.distribution(of: measure).map { cumulative($0, name) } }
        guard !curve.isEmpty || !shares.isEmpty else { return "" }
        return "<h2>Distributions</h2><div class=\"plots\">" + (curve + shares).joined(separator: "\n") + "</div>"
    }

    /// Where intended and actual part, requests waited in the generator or its plan before they left.
    private var percentileCurve: [String] {
        [
            (Measure.ttft, Measure.ttftService, "Time to first token, by percentile"),
            (.e2e, .e2eService, "End to end, by percentile"),
        ]
        .compactMap { intended, service, name in
            guard let first = report.distribution(of: intended) else { return nil }
            let curves =
                [(first, "a", "intended")] + (report.distribution(of: service).map { [($0, "b", "service")] } ?? [])
            return Self.percentiles(name, curves)
        }
    }

    /// Percentile curves over an axis of nines; each is dotted where its percentiles have too few values.
    static func percentiles(_ name: String, _ curves: [(Distribution, String, String)]) -> String {
        let most = curves.map(\.0.most).max() ?? 1
        let last = curves.flatMap { $0.0.curve.dropLast().map(\.fraction) }.max() ?? 0.5
        let lines = curves.map {
            "\($2): median \(Figure.milliseconds($0.value(at: 0.5) ?? 0)), most \(Figure.milliseconds($0.most))"
        }
        var plot = SVGPlot(
            name, lines.joined(separator: "; "), x: (.nines, 0...max(0.9, last)), y: (.linear, 0...Axis.roundedUp(most))
        )
        for (index, (distribution, kind, word)) in curves.enumerated() {
            let points = distribution.curve.filter { $0.fraction < 1 }
            let sure = points.filter { distribution.count >= SampleSize.needed(for: $0.fraction) || $0.fraction < 0.5 }
            let unsure = points.drop { $0.fraction < (sure.last?.fraction ?? 0) }
            plot.line(sure.map { ($0.fraction, $0.value) }, kind)
            plot.line(unsure.map { ($0.fraction, $0.value) }, "thin \(kind)")
            if let end = points.last { plot.word(word, at: (end.fraction, end.value), kind, above: index == 0) }
        }
        let svg = plot.render(
            xLabel: { $0 == 0 ? "0" : "p\(Figure.short($0 * 100))" }, yLabel: Self.milliseconds(upTo: most),
            unit: "")
        return figure(
            name, svg,
            curves.count > 1 ? "Each nine is as wide as the one before; dotted where there are too few values." : "")
    }

    private func cumulative(_ distribution: Distribution, _ name: String) -> String {
        let points = distribution.curve
        let from = max(0.05, distribution.least)
        let to = max(from * 1.5, distribution.most)
        let median = distribution.value(at: 0.5) ?? 0
        var plot = SVGPlot(
            "\(name): share of values up to a length", "Half are below \(Figure.milliseconds(median))",
            x: (.logarithmic, from...to), y: (.linear, 0...1), height: 180)
        for bound in report.objective where bound.measure == distribution.measure {
            plot.line([(bound.boundMs, 0), (bound.boundMs, 1)], "thin r")
            if bound.boundMs < to, bound.boundMs > from { plot.word("bound", at: (bound.boundMs, 0.1), "r") }
        }
        plot.line(points.map { ($0.value, $0.fraction) }, "a")
        let svg = plot.render(xLabel: Figure.milliseconds, yLabel: Figure.percent, unit: "")
        return Self.figure(name, svg, "\(distribution.definition); \(Figure.count(distribution.count)) values")
    }

    static func milliseconds(upTo most: Double) -> (Double) -> String {
        most >= 2000 ? { $0 == 0 ? "0" : Figure.short($0 / 1000) + " s" } : { $0 == 0 ? "0" : Figure.short($0) + " ms" }
    }

    static func figure(_ name: String, _ svg: String, _ caption: String) -> String {
        let caption = caption.isEmpty ? "" : "<figcaption>\(HTMLText.escaped(caption))</figcaption>"
        return "<figure><h3>\(HTMLText.escaped(name))</h3>\(svg)\(caption)</figure>"
    }

    // MARK: The run's course

    var course: String {
        guard report.timeline.bins.count > 1 else { return "" }
        let steady = report.steadiness.map { steadiness in
            steadiness.from.map { "Steady from \(Figure.short($0)) s on." }
                ?? "Never steady: \(steadiness.drifting.joined(separator: " and ")) went on changing to the end."
        }
        return "<h2>The run's course</h2>" + (steady.map { "<p class=\"note-text\">\(HTMLText.escaped($0))</p>" } ?? "")
            + "<div class=\"plots\">" + [requests, waiting, inFlight, tokens, heat].joined(separator: "\n") + "</div>"
    }

    private var bin: Double { Double(report.timeline.binLength) / 1e9 }
    private var length: Double { Double(report.timeline.bins.count) * bin }

    private func series(_ value: (Timeline.Bin) -> Double) -> [Double] { report.timeline.bins.map(value) }

    private func timePlot(_ name: String, _ description: String, most: Double, height: Double = 170) -> SVGPlot {
        var plot = SVGPlot(
            name, description, x: (.linear, 0...length), y: (.linear, 0...Axis.roundedUp(most)), height: height)
        if report.window.start > 0 {
            plot.shade(0...min(length, Double(report.window.start) / 1e9), "warmup", word: "warm-up")
        }
        let end = Double(report.window.end) / 1e9
        if end < length * 0.97 { plot.shade(end...length, "warmup", word: "end") }
        return plot
    }

    private func render(_ plot: SVGPlot, _ yLabel: (Double) -> String = Figure.short) -> String {
        plot.render(xLabel: { $0 == 0 ? "0" : Figure.milliseconds($0 * 1000) }, yLabel: yLabel, unit: "")
    }

    private var requests: String {
        let wanted = series { Double($0.scheduled) / bin }
        let sent = series { Double($0.sent) / bin }
        let failed = series { Double($0.bad) / bin }
        let most = (wanted + sent + failed).max() ?? 1
        let count = report.counts.bad
        var plot = timePlot(
            "Requests a second over time", "Wanted, sent and failed; \(Figure.count(count)) failed in all", most: most)
        plot.columns(failed, width: bin, "r")
        if report.plan.loop == .open { plot.steps(wanted, width: bin, "f thin") }
        plot.steps(sent, width: bin, "a")
        return Self.figure(
            "Requests a second", render(plot),
            (report.plan.loop == .open ? "Sent (line), wanted (dotted)" : "Sent (line)") + ", failed (red columns)")
    }

    private var waiting: String {
        let medians = report.timeline.bins.enumerated().compactMap { index, value in
            value.ttftMedian.map { ((Double(index) + 0.5) * bin, $0) }
        }
        let means = report.timeline.bins.enumerated().compactMap { index, value in
            value.ttftMean.map { ((Double(index) + 0.5) * bin, $0) }
        }
        let most = (medians + means).map(\.1).max() ?? 1
        var plot = timePlot("Time to first token over time", "Mean and median of each moment", most: most)
        plot.line(means, "thin f")
        plot.line(medians, "a")
        return Self.figure(
            "Time to first token", render(plot, Self.milliseconds(upTo: most)),
            "Median (line, to a factor of √2), mean (dotted)")
    }

    private var inFlight: String {
        let values = series { Double($0.inFlight) }
        var plot = timePlot("Requests in flight over time", "Highest of each moment", most: values.max() ?? 1)
        plot.steps(values, width: bin, "a")
        return Self.figure("Requests in flight", render(plot), "Highest of each moment")
    }

    private var tokens: String {
        let values = series { Double($0.tokens) / bin }
        guard values.contains(where: { $0 > 0 }) else { return "" }
        var plot = timePlot(
            "Output tokens a second over time", "Each answer's tokens over the time they took", most: values.max() ?? 1)
        plot.steps(values, width: bin, "a")
        return Self.figure(
            "Output tokens a second", render(plot, { Figure.fixed($0, 0) }),
            "Each answer's tokens spread over the time they took")
    }

    /// Two crowds, a slow drift, a stall: what averages hide.
    private var heat: String {
        let used = report.timeline.bins.flatMap { bin in bin.heat.indices.filter { bin.heat[$0] > 0 } }
        guard let low = used.min(), let high = used.max() else { return "" }
        let most = Double(report.timeline.bins.flatMap(\.heat).max() ?? 1)
        var plot = SVGPlot(
            "Time to first token: how many waited how long, over time", "Darker: more requests",
            x: (.linear, 0...length), y: (.logarithmic, Timeline.heatEdge(low)...Timeline.heatEdge(high + 1)),
            height: 200)
        // Many bins are drawn together: more columns than pixels help nobody.
        let group = max(1, (report.timeline.bins.count + 159) / 160)
        for start in stride(from: 0, to: report.timeline.bins.count, by: group) {
            let end = min(start + group, report.timeline.bins.count)
            for cell in low...high {
                let counts = report.timeline.bins[start..<end].map { $0.heat.isEmpty ? 0 : Double($0.heat[cell]) }
                let count = counts.reduce(0, +)
                guard count > 0 else { continue }
                let shade = (count / (most * Double(end - start))).squareRoot()
                plot.box(
                    Double(start) * bin...Double(end) * bin, Timeline.heatEdge(cell)...Timeline.heatEdge(cell + 1), "a",
                    opacity: 0.12 + 0.88 * min(1, shade))
            }
        }
        return Self.figure(
            "Time to first token, every request", render(plot, Figure.milliseconds),
            "Darker: more requests waited so long at that moment")
    }
}
