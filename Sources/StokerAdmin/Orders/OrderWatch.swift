package import StokerCore

/// Tells from the statuses after an order what came of it.
///
/// The daemon answers once it has taken an order, so the first statuses may still be those from before; nothing is
/// concluded from a status that has not changed, unless it is already what was wanted. Nor is a process believed that
/// has been ready for an instant only: one without probes is ready as soon as it runs, and may end at once.
package struct OrderWatch: Sendable {
    /// What is known so far, with a sentence for people.
    package enum Verdict: Sendable, Equatable {
        case waiting(String)
        case reached(String)
        case failed(String)
    }

    /// How long a process must have been ready.
    package static let settling = Duration.milliseconds(500)

    private let order: ProcessOrder
    private let before: ProcessStatus

    /// - Parameter before: the status just before the order was given.
    package init(_ order: ProcessOrder, before: ProcessStatus) {
        self.order = order
        self.before = before
    }

    /// - Parameters:
    ///   - now: the status of the same process; nil when it has left the plan meanwhile.
    ///   - instant: when that was, by the daemon's clock.
    package func verdict(_ now: ProcessStatus?, at instant: Timestamp) -> Verdict {
        guard let now else {
            let isEnd = order == .stop || order == .stopNow
            return isEnd ? .reached("gone from the config") : .failed("gone from the config")
        }
        switch order {
        case .stop, .stopNow: return stopVerdict(now)
        case .start: return startVerdict(now, at: instant, mustBeNew: false)
        case .restart, .restartNow:
            return startVerdict(now, at: instant, mustBeNew: before.state != .stopped && before.state != .failed)
        case .drain, .drainAnyway: return drainVerdict(now)
        case .undrain: return now.state == .draining ? .waiting(sentence(now)) : .reached(now.state.rawValue)
        }
    }

    private func drainVerdict(_ now: ProcessStatus) -> Verdict {
        switch now.state {
        case .draining where now.inFlight == 0: .reached("drained: nothing is in flight")
        case .draining: .waiting(now.inFlight.map { "draining: \($0) in flight" } ?? "draining")
        case .ready: .waiting("ready")
        case .starting, .unready: .waiting(sentence(now))
        case .stopped, .waiting, .stopping, .backoff, .failed: .failed(withExit(sentence(now), now))
        }
    }

    private func stopVerdict(_ now: ProcessStatus) -> Verdict {
        switch now.state {
        case .stopped: .reached(withExit("stopped", now))
        case .failed: .reached(withExit("not running", now))
        default: .waiting(sentence(now))
        }
    }

    /// - Parameter mustBeNew: a ready process counts only when it is not the one that ran before.
    private func startVerdict(_ now: ProcessStatus, at instant: Timestamp, mustBeNew: Bool) -> Verdict {
        if let failure = now.failure, failure != before.failure { return .failed(failure) }
        guard hasChanged(now) || (now.state == .ready && !mustBeNew) else { return .waiting(sentence(now)) }
        switch now.state {
        case .ready where (!mustBeNew || isNew(now)) && hasSettled(now, at: instant):
            return .reached(now.pid.map { "ready (pid \($0))" } ?? "ready")
        case .backoff, .failed: return .failed(withExit(sentence(now), now))
        case .stopped where order == .start: return .failed(withExit("stopped again", now))
        default: return .waiting(sentence(now))
        }
    }

    private func hasChanged(_ now: ProcessStatus) -> Bool {
        now.state != before.state || now.since != before.since || now.pid != before.pid
            || now.restarts != before.restarts
    }

    private func hasSettled(_ now: ProcessStatus, at instant: Timestamp) -> Bool {
        instant.milliseconds - now.since.milliseconds >= Self.settling.milliseconds
    }

    private func isNew(_ now: ProcessStatus) -> Bool { now.pid != before.pid || now.since > before.since }

    private func sentence(_ now: ProcessStatus) -> String {
        now.reason.isEmpty ? now.state.rawValue : "\(now.state.rawValue): \(now.reason)"
    }

    private func withExit(_ text: String, _ now: ProcessStatus) -> String {
        guard let exit = now.lastExit, !text.contains(exit) else { return text }
        return "\(text) (\(exit))"
    }
}
