package import StokerCore

/// What `stoker canary status` prints: who gets which share, what both sides have shown, and what comes next.
package struct CanaryScreen: Sendable {
    package var canaries: [CanaryStatus]

    package init(_ canaries: [CanaryStatus]) { self.canaries = canaries }

    /// One paragraph for each model.
    package func rendered(_ style: TextStyle) -> String {
        guard !canaries.isEmpty else { return "no model has a canary in the config\n" }
        return canaries.map { paragraph($0, style) }.joined(separator: "\n")
    }

    private func paragraph(_ canary: CanaryStatus, _ style: TextStyle) -> String {
        let model = style.paint(SafeText.escaped(canary.model), .strong)
        var text = "\(model): \(style.paint(canary.state, canary.tone)) "
        let backends = SafeText.escaped(canary.backends.joined(separator: ", "))
        text += "at \(ShareText.percent(canary.permille)) on \(backends)"
        if !canary.steps.isEmpty {
            text += " (steps \(canary.steps.map(ShareText.percent).joined(separator: ", ")))"
        }
        if let why = canary.why, !why.isEmpty { text += ": \(SafeText.escaped(why))" }
        text += "\n"
        if let own = canary.canary, let other = canary.stable {
            text += table(own, other).rendered(style)
        }
        if let evidence = canary.evidence {
            let limit = WealthText.text(canary.evidenceLimit)
            text += "  evidence against it: \(WealthText.text(evidence)) of \(limit)\n"
        }
        return text + "  next: \(SafeText.escaped(canary.next))\n"
    }

    private func table(_ canary: CanaryStatus.Side, _ stable: CanaryStatus.Side) -> Table {
        Table(
            [
                .init("  SIDE"), .init("FIRST ATTEMPTS", .right), .init("FAILED", .right), .init("TURNED AWAY", .right),
                .init("FIRST EVENT", .right), .init("WHY"),
            ], rows: [row("  canary", canary), row("  stable", stable)])
    }

    private func row(_ name: String, _ side: CanaryStatus.Side) -> [Table.Cell] {
        let reasons = side.reasons.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return [
            Table.Cell(name), Table.Cell("\(side.firstAttempts)"),
            Table.Cell("\(side.failed)", side.failed > 0 ? .warning : .plain), Table.Cell("\(side.refused)"),
            Table.Cell(side.medianSeconds.map { Duration.microseconds(Int64($0 * 1e6)).spoken } ?? ""),
            Table.Cell(reasons.joined(separator: ", ")),
        ]
    }
}

extension CanaryStatus {
    /// Red is for what was found to be worse.
    fileprivate var tone: Tone {
        switch state {
        case "rolled-back": .bad
        case "paused": .warning
        case "running", "promoted": .good
        default: .plain
        }
    }
}
