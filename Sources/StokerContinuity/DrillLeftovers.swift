package import StokerCore
package import StokerStore

/// Cleans up after a control plane that ended in the middle of a drill.
package enum DrillLeftovers {
    /// Lets the processes go on that it had stopped, and closes its record.
    ///
    /// To be called by the next control plane, before it looks at any process.
    ///
    /// - Parameter send: sends a signal to exactly that process and its group.
    /// - Returns: the drills that were closed.
    package static func close(
        in store: ContinuityStore, now: Timestamp, send: (Signal, ProcessIdentity) -> Bool
    ) async -> [DrillRecord] {
        guard let open = try? store.openDrills() else { return [] }
        var closed: [DrillRecord] = []
        for var record in open {
            let resumed = record.stopped.count { send(.proceed, $0) }
            record.endedAt = now
            record.verdict = .interrupted
            record.reasons = ["the control plane ended in the middle of it"]
            if resumed > 0 { record.reasons.append("\(resumed) stopped processes were told to go on") }
            // A record that cannot be closed is tried again at the next start; the signal does no harm twice.
            if (try? await store.end(record)) != nil { closed.append(record) }
        }
        return closed
    }
}
