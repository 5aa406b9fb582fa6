import StokerLoad
import Synchronization

/// How a run came to its end; the first reason counts.
final class LoadEnd: Sendable {
    private let state = Mutex<(ending: RunFacts.Ending, rule: String?)>((.complete, nil))

    var ending: RunFacts.Ending { state.withLock { $0.ending } }
    /// What `--abort-on` found.
    var rule: String? { state.withLock { $0.rule } }

    func interrupt() { set(.interrupted, nil) }

    func abort(by rule: String) { set(.aborted, rule) }

    private func set(_ ending: RunFacts.Ending, _ rule: String?) {
        state.withLock { if $0.ending == .complete { $0 = (ending, rule) } }
    }
}
