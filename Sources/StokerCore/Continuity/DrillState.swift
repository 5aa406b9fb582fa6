/// What can be asked of the control plane about drills.
package enum DrillRequest: Sendable, Equatable {
    /// Whether it may be done, and whom it would hit; nothing is done.
    case check(DrillOrder)
    case begin(DrillOrder)
    case state(Int64)
    /// What the caller's load saw; the drill waits for it before it is judged.
    case load(Int64, DrillLoad)
    /// The fault ends at once.
    case cancel(Int64)
}

/// What it answers.
package enum DrillAnswer: Sendable, Equatable {
    case plan(DrillPlan)
    case state(DrillState)
}

/// How a drill stands.
package struct DrillState: Sendable, Equatable, Codable {
    package enum Phase: String, Sendable, Codable {
        /// The fault is there, or the way back from it is not at its end.
        case running
        /// All is measured but what the load saw.
        case measured
        /// The record is closed.
        case done
    }

    package var phase: Phase
    package var record: DrillRecord

    package init(phase: Phase, record: DrillRecord) {
        self.phase = phase
        self.record = record
    }
}
