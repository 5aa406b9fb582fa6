import Dispatch
package import StokerCore
import Synchronization

/// Canaries are kept in the same file: one connection writes, so there is one file.
extension EventStore {
    /// Keeps how the canary of a model stands, nil for one that is over and forgotten. Never blocks and never fails the
    /// caller: what cannot be kept costs the next control plane its memory of it.
    package func keep(_ record: CanaryRecord?, of model: String) {
        queue.async { self.journal.withLock { $0.keep(record, of: model) } }
    }

    /// How the canaries stood that were kept; none from a file that cannot be read.
    package func canaries() async -> [CanaryRecord] {
        await onQueue { store in store.journal.withLock { $0.canaries() } }
    }
}
