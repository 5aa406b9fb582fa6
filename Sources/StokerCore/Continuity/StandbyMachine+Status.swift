/// The machine as people see it.
extension StandbyMachine {
    /// The process as a standby; nil when it is nobody's.
    ///
    /// - Parameters:
    ///   - now: Monotonic, as `handle` has it.
    ///   - time: The same moment on the wall clock.
    package func status(of name: String, at now: Duration, _ time: Timestamp) -> StandbyStatus? {
        guard let mode = plan.mode(of: name) else { return nil }
        let since = serving[name].map { Timestamp(milliseconds: time.milliseconds - (now - $0).milliseconds) }
        return StandbyStatus(
            mode: mode, site: plan.site(of: name), servingSince: since,
            loadSeconds: tracks[name]?.status.lastStartSeconds, note: note(of: name, now))
    }

    private func note(of name: String, _ now: Duration) -> String? {
        guard let standby = standbys[name] else { return nil }
        switch standby.phase {
        case .pending(let why): return "needed, but \(why)"
        case .draining: return "steps back, finishes what it has"
        case .byHand: return "started by hand, so stopped by hand"
        case .leftAlone: return "needed, but stopped by hand"
        case .resting:
            guard let at = standby.retryAt, at > now else { return nil }
            return "did not load; not tried again for \((at - now).spoken)"
        case .loading: return "loads: nobody above it serves"
        case .serving, .stopping: return nil
        }
    }
}
