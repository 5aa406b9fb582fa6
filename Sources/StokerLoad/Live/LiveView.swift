package import StokerCore

/// A run as it stands, in words: a panel for a terminal, one line for a log.
package struct LiveView: Sendable {
    private let goal: LiveGoal
    private let snapshot: LoadSnapshot
    private let figures: LiveFigures
    private let rates: LiveRates

    /// - Parameter before: figures of some seconds ago, for rates.
    package init(_ snapshot: LoadSnapshot, before: LiveFigures, goal: LiveGoal) {
        self.goal = goal
        self.snapshot = snapshot
        figures = LiveFigures(snapshot)
        rates = LiveRates(from: before, to: figures)
    }

    /// Lines of at most the style's width, 80 columns where nobody counts them.
    package func panel(_ style: TextStyle) -> [String] {
        let width = max(40, min(style.width ?? 80, 100))
        let head = [title, progress(width: width), counts, rateLine, ""]
        return (head + percentiles + errors + [client]).map { $0.rendered(style, width: width) }
    }

    /// One line, for a log: `1:30 in-flight 41 sent 1,080 ok 1,036 bad 3 | 12.0 req/s 3,410 tok/s | ttft p50 …`.
    package var line: String {
        var text = "\(LiveText.clock(figures.elapsed))  in flight \(LiveText.count(figures.inFlight))"
        text += "  sent \(LiveText.count(figures.sent))  ok \(LiveText.count(figures.ok))"
        text += "  bad \(LiveText.count(figures.bad + figures.dropped))"
        text += "  \(LiveText.rate(rates.ok)) req/s  \(LiveText.rate(rates.tokens)) tok/s"
        let shown = LivePercentiles(snapshot.tally.total.latencies[goal.isStreamed ? .ttft : .e2e])
        let name = goal.isStreamed ? "ttft" : "e2e"
        text += "  \(name) p50 \(shown.text(0.5))  p99 \(shown.text(0.99))"
        if isWarmingUp { text += "  (warm-up)" }
        return text
    }

    private var isWarmingUp: Bool { figures.elapsed < goal.warmUp }

    private var title: LiveLine {
        " " + LiveLine(SafeText.escaped(goal.target), .strong) + "  " + LiveLine(goal.load, .faint)
    }

    private func progress(width: Int) -> LiveLine {
        let time = LiveText.clock(figures.elapsed)
        let phase: LiveLine = isWarmingUp ? "  " + LiveLine("warm-up", .warning) : ""
        guard let share = goal.progress(figures) else { return " \(time)" + phase + "  ctrl-C ends it" }
        let end =
            goal.requests.map { "\(LiveText.count(figures.finished)) / \(LiveText.count($0))" }
            ?? goal.duration.map { "/ \(LiveText.clock($0))" } ?? ""
        let tail = "  \(time) \(end)  \(Int(share * 100)) %"
        let room = max(10, width - tail.count - 2 - (isWarmingUp ? 9 : 0))
        let filled = Int((Double(room) * share).rounded())
        let bar = LiveLine(String(repeating: "━", count: filled), .good)
        return " " + bar + LiveLine(String(repeating: "·", count: room - filled), .faint) + LiveLine(tail) + phase
    }

    private var counts: LiveLine {
        var parts: [LiveLine] = ["in flight \(LiveText.count(figures.inFlight))"]
        if figures.users > 0 { parts.append("users \(LiveText.count(figures.users))") }
        parts.append("sent \(LiveText.count(figures.sent))")
        parts.append("ok \(LiveText.count(figures.ok))")
        parts.append(LiveLine("bad \(LiveText.count(figures.bad))", figures.bad > 0 ? .bad : .plain))
        if figures.dropped > 0 { parts.append(LiveLine("dropped \(LiveText.count(figures.dropped))", .bad)) }
        return " requests   " + .joined(parts, by: "   ")
    }

    private var rateLine: LiveLine {
        let (sent, ok, tokens) = (LiveText.rate(rates.sent), LiveText.rate(rates.ok), LiveText.rate(rates.tokens))
        return " a second   sent \(sent)   ok \(ok)   output tokens \(tokens)"
    }

    private var percentiles: [LiveLine] {
        let wanted: [(String, Measure)] =
            goal.isStreamed
            ? [("first token", .ttft), ("per token", .tpot), ("end to end", .e2e)] : [("end to end", .e2e)]
        let head = LiveLine(row(["", "p50", "p90", "p99", "n"]), .faint)
        return [head]
            + wanted.map { name, measure in
                let shown = LivePercentiles(snapshot.tally.total.latencies[measure])
                return LiveLine(row([name] + LivePercentiles.shown.map(shown.text) + [LiveText.count(shown.count)]))
            }
    }

    private func row(_ cells: [String]) -> String {
        let widths = [11, 12, 12, 12, 10]
        let text = zip(cells, widths).enumerated().map { index, cell in
            let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index == 0 ? cell.0 + padding : padding + cell.0
        }
        return " " + text.joined()
    }

    private var errors: [LiveLine] {
        let counts = snapshot.tally.total.outcomes.merging(snapshot.tally.warmUp.outcomes, uniquingKeysWith: +)
        let classes = counts.filter { $0.key.isBad && $0.value > 0 }
            .sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
        guard !classes.isEmpty else { return [] }
        let text = classes.map { "\($0.key.rawValue) \(LiveText.count($0.value))" }.joined(separator: "   ")
        return [" errors     " + LiveLine(text, .bad)]
    }

    /// The generator's own health: what is measured is worth no more than this.
    private var client: LiveLine {
        let facts = snapshot.tally.client
        let lag = LivePercentiles(snapshot.tally.total.latencies[.sendLag])
        let share = facts.processors > 0 ? rates.cores / facts.processors : 0
        let cpu = "cpu \(Int((share * 100).rounded())) % of \(LiveText.fixed(facts.processors, 1)) cores"
        let isLate = (lag.value(0.99) ?? 0) > Self.sendLagBar
        return " generator  " + LiveLine("send lag p99 \(lag.text(0.99))", isLate ? .warning : .plain) + "   "
            + LiveLine(cpu, share >= Self.cpuBar ? .warning : .plain)
    }

    /// Where the final verdict becomes doubtful; the live view only colours by it.
    private static let sendLagBar: Nanoseconds = 5_000_000
    private static let cpuBar = 0.8
}
