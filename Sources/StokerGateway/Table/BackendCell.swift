package import StokerCore
import Synchronization

/// What all event loops know together of one backend; it outlives the tables that name it.
///
/// Counters and the flag are atomics, so that no request waits for another; only a failure takes the lock.
package final class BackendCell: Sendable {
    /// Different for each cell of this process: the key of its connection pools.
    package let id: Int
    package let name: String
    package let address: BackendAddress

    private static let nextID = Atomic(0)
    private let requests = Atomic(0)
    private let working = Atomic(true)
    private let trouble = Mutex(Trouble())

    private struct Trouble {
        var recovery = BackendRecovery()
        var lastError: String?
    }

    package init(name: String, address: BackendAddress) {
        id = Self.nextID.wrappingAdd(1, ordering: .relaxed).newValue
        self.name = name
        self.address = address
    }

    /// Requests that it is working on.
    package var inFlight: Int { requests.load(ordering: .relaxed) }

    /// Whether its connections work.
    package var isWorking: Bool { working.load(ordering: .relaxed) }

    /// The failure that took it out, nil while it works.
    package var lastError: String? { trouble.withLock { $0.lastError } }

    package func begin() { requests.wrappingAdd(1, ordering: .relaxed) }

    package func end() { requests.wrappingSubtract(1, ordering: .relaxed) }

    /// Tells its recovery what happened; returns what to do about it.
    ///
    /// - Parameter reason: kept as `lastError`, for a `connectionFailed` or `silent`.
    package func note(_ event: BackendRecovery.Event, reason: String? = nil) -> BackendRecovery.Effect? {
        trouble.withLock { trouble in
            let effect = trouble.recovery.handle(event, jitter: .random(in: 0...1))
            if let reason, !trouble.recovery.isWorking { trouble.lastError = reason }
            if trouble.recovery.isWorking { trouble.lastError = nil }
            working.store(trouble.recovery.isWorking, ordering: .relaxed)
            return effect
        }
    }
}
