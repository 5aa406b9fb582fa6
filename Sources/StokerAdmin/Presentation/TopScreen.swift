package import StokerCore

/// What `stoker top` shows: the traffic in a line, the backends, the requests under way and the last finished ones.
package struct TopScreen: Sendable {
    /// What is shown.
    package var history: TopHistory
    package var now: Timestamp
    /// What was asked for, to be shown beside the figures; nil for everything.
    package var filter: String?
    /// Why the figures are of an earlier moment; nil when they are of now.
    package var trouble: String?
    /// Lines of the terminal; nil where nobody counts them.
    package var height: Int?
    /// Most requests in each table where nobody counts lines.
    package var rows: Int

    /// A screen of what was seen so far.
    package init(
        _ history: TopHistory, now: Timestamp, filter: String? = nil, trouble: String? = nil, height: Int? = nil,
        rows: Int = 20
    ) {
        self.history = history
        self.now = now
        self.filter = filter
        self.trouble = trouble
        self.height = height
        self.rows = rows
    }

    /// The whole screen, each line ended by a line feed; never more lines than `height`.
    package func rendered(_ style: TextStyle) -> String {
        let head = heading(style)
        let (running, finished) = share(after: head.count)
        var lines = head
        lines += [""] + table(of: history.page.live, upTo: running, style)
        lines += [""] + table(of: history.page.requests.reversed(), upTo: finished, style)
        return lines.prefix(height.map { max(1, $0) } ?? .max).map { $0 + "\n" }.joined()
    }

    /// How many requests each table may show: the running ones first, and what they leave to the finished.
    private func share(after head: Int) -> (running: Int, finished: Int) {
        guard let height else { return (rows, rows) }
        // A blank line, headings and a line for what was left out, twice.
        let room = max(0, height - head - 6)
        let live = history.page.live.count
        let running = min(live, max(room - history.page.requests.count, (room + 1) / 2))
        return (running, room - running)
    }

    // MARK: - Heading

    private func heading(_ style: TextStyle) -> [String] {
        let page = history.page
        let figures = TrafficFigures(
            requests: page.requests, live: page.live, isWhole: history.isWhole, now: now)
        var parts = [
            style.paint("\(Self.rate(figures.requestsPerSecond)) requests/s", .strong), "\(page.inFlight) in flight",
            "\(Self.rate(figures.tokensPerSecond)) tokens/s",
        ]
        if let share = figures.failedShare {
            parts.append(style.paint("\(Self.percent(share)) failed", share > 0 ? .bad : .good))
        }
        if let median = figures.ttftMedian, let p99 = figures.ttftP99 {
            parts.append("TTFT p50 \(Self.time(median)), p99 \(Self.time(p99))")
        }
        if let filter { parts.append(style.paint("only \(SafeText.escaped(filter))", .warning)) }
        var lines = [parts.joined(separator: "  ")]
        if let trouble { lines.append(style.paint(SafeText.escaped(trouble), .bad)) }
        if !page.backends.isEmpty { lines.append(page.backends.map { backend($0, style) }.joined(separator: "  ")) }
        return lines
    }

    private func backend(_ backend: BackendStatus, _ style: TextStyle) -> String {
        let name = SafeText.escaped(backend.name)
        if backend.usable { return "\(name) \(style.paint("up", .good)) \(backend.inFlight)" }
        let reason = backend.lastError.map { ": \(SafeText.escaped($0))" } ?? ""
        return "\(name) \(style.paint("out\(reason)", .bad)) \(backend.inFlight)"
    }

    // MARK: - Numbers

    /// `0.4`, `12.5`, `1240`: three digits or the whole.
    static func rate(_ value: Double) -> String {
        guard value.isFinite, value < 100 else { return "\(Int(exactly: value.rounded()) ?? 0)" }
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    /// A share in percent; one that is not nothing never looks like it.
    static func percent(_ share: Double) -> String {
        share > 0 && share < 0.0005 ? "<0.1 %" : "\(rate(share * 100)) %"
    }

    /// Seconds as a person says them; what is no time at all is left blank.
    static func time(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite, seconds < 1e9 else { return "" }
        return Duration.milliseconds(Int64((max(0, seconds) * 1000).rounded())).spoken
    }
}
