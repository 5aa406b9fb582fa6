package import StokerCore

/// What `stoker status` prints: what runs, since when, and why not.
package struct StatusScreen: Sendable {
    /// What is shown.
    package var report: StatusReport

    /// The screen of one report.
    package init(_ report: StatusReport) { self.report = report }

    /// The whole screen, each line ended by a line feed.
    package func rendered(_ style: TextStyle) -> String {
        var text = heading(style)
        if !report.processes.isEmpty { text += "\n" + processes.rendered(style) }
        if !report.models.isEmpty { text += "\n" + models.rendered(style) }
        for remark in Set(report.models.flatMap { $0.remarks ?? [] }).sorted() {
            text += style.paint(SafeText.escaped(remark), .warning) + "\n"
        }
        return text
    }

    private func heading(_ style: TextStyle) -> String {
        let uptime = TimeText.span(.milliseconds(report.now.milliseconds - report.startedAt.milliseconds))
        let verdict = report.isHealthy ? style.paint("healthy", .good) : style.paint("not healthy", .bad)
        var addresses = "gateway \(report.gatewayTLS == true ? "https" : "http")://\(report.gatewayListen)"
        if let admin = report.adminListen { addresses += "  admin http://\(admin)" }
        var text = "stoker \(report.version) (pid \(report.pid), up \(uptime)): \(verdict)\n"
        text += SafeText.escaped(addresses) + "\n"
        text += SafeText.escaped("config \(report.config) (\(report.configDigest))") + "\n"
        if let error = report.configError {
            let note = SafeText.escaped("config refused, the earlier one runs on: \(error)")
            text += style.paint(note, .bad) + "\n"
        }
        return text
    }

    // MARK: - Processes

    private var processes: Table {
        Table(
            [
                .init("PROCESS"), .init("STATE"), .init("SINCE"), .init("PID", .right), .init("RESTARTS", .right),
                .init("MEMORY", .right), .init("ADDRESS"), .init("WHY"),
            ], rows: report.processes.map(row))
    }

    private func row(_ process: ProcessStatus) -> [Table.Cell] {
        [
            Table.Cell(process.name, .strong),
            Table.Cell(
                process.managed ? process.state.rawValue : "\(process.state.rawValue) (attached)", process.state.tone),
            Table.Cell(TimeText.ago(process.since, now: report.now)),
            Table.Cell(process.pid.map { "\($0)" } ?? ""),
            Table.Cell("\(process.restarts)", process.restarts > 0 ? .warning : .plain),
            Table.Cell(process.residentBytes.map(AmountText.bytes) ?? ""),
            Table.Cell(process.address ?? ""),
            Table.Cell(why(process)),
        ]
    }

    /// The reason, and how it ended last unless the reason says so already.
    private func why(_ process: ProcessStatus) -> String {
        guard let exit = process.lastExit, !process.reason.contains(exit) else { return process.reason }
        return process.reason.isEmpty ? "last exit: \(exit)" : "\(process.reason) (last exit: \(exit))"
    }

    // MARK: - Models

    private var models: Table {
        Table([.init("MODEL"), .init("IN ROTATION"), .init("BACKENDS")], rows: report.models.map(row))
    }

    private func row(_ model: ModelStatus) -> [Table.Cell] {
        let all = model.backends.count + model.standby.count
        let tone: Tone = model.inRotation == 0 ? .bad : model.inRotation < all ? .warning : .good
        let standby = model.standby.isEmpty ? "" : " (standby: \(model.standby.joined(separator: ", ")))"
        return [
            Table.Cell(model.name, .strong), Table.Cell("\(model.inRotation) of \(all)", tone),
            Table.Cell(model.backends.joined(separator: ", ") + standby),
        ]
    }
}

extension ProcessStatus.State {
    /// Red is for what a person must act on.
    package var tone: Tone {
        switch self {
        case .ready: .good
        case .stopped: .faint
        case .waiting, .starting, .stopping: .plain
        case .unready, .backoff: .warning
        case .failed: .bad
        }
    }
}
