import StokerCore

/// What the screen says of standbys: whether one serves, and what the use of a cold one would cost.
extension StatusScreen {
    /// The state in words; `cold standby` for one that rests in good order.
    func stateWords(of process: ProcessStatus) -> String {
        guard process.standby?.mode == .cold, process.state == .stopped else { return process.state.rawValue }
        return "cold standby"
    }

    /// Before the reason; nil for what is no standby.
    func standbyWords(of process: ProcessStatus) -> String? {
        guard let standby = process.standby else { return nil }
        let site = standby.site.map { " at \($0)" } ?? ""
        var words: [String] = []
        if let since = standby.servingSince {
            words = ["standby\(site), serving since \(TimeText.ago(since, now: report.now))"]
        } else if standby.mode == .warm || process.state != .stopped {
            words = ["\(standby.mode.rawValue) standby\(site)"]
        } else {
            words = [Self.cost(standby)]
        }
        if let note = standby.note { words.append(note) }
        return words.joined(separator: "; ")
    }

    /// Recovery by a cold standby takes as long as it loads: to be known before it is needed.
    private static func cost(_ standby: StandbyStatus) -> String {
        guard let seconds = standby.loadSeconds, !seconds.isNaN else {
            return "load time not known before its first start"
        }
        return "takes \(Duration.milliseconds(Int64(min(max(seconds, 0), 1e6) * 1000)).spoken) to load"
    }
}
