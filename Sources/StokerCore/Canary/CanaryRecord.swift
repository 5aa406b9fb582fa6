/// What is kept of a canary for the next control plane. Evidence is not: it belongs to counts that may be gone.
package struct CanaryRecord: Sendable, Equatable, Codable {
    package enum Phase: String, Sendable, Codable {
        case running, promoted
        case rolledBack = "rolled-back"
        case aborted
    }

    package var model: String
    package var phase: Phase
    package var order: CanaryOrder
    package var salt: UInt32
    /// A place in the order's steps.
    package var step: Int
    /// When the run began; for a promoted one, when it was promoted.
    package var since: Timestamp
    /// Of one that ended badly.
    package var why: String?
    package var endedAt: Timestamp?

    package init(
        model: String, phase: Phase, order: CanaryOrder, salt: UInt32, step: Int, since: Timestamp, why: String? = nil,
        endedAt: Timestamp? = nil
    ) {
        self.model = model
        self.phase = phase
        self.order = order
        self.salt = salt
        self.step = step
        self.since = since
        self.why = why
        self.endedAt = endedAt
    }
}

extension CanaryMachine {
    /// What is to be kept; nil: nothing.
    package var record: CanaryRecord? {
        switch phase {
        case .none: nil
        case .running(let run): Self.record(model, .running, run)
        case .promoted(let order, let salt, let since):
            CanaryRecord(
                model: model, phase: .promoted, order: order, salt: salt, step: max(0, order.steps.count - 1),
                since: since)
        case .rolledBack(let end): Self.record(model, .rolledBack, end.run, end)
        case .aborted(let end): Self.record(model, .aborted, end.run, end)
        }
    }

    private static func record(
        _ model: String, _ phase: CanaryRecord.Phase, _ run: CanaryRun, _ end: CanaryEnd? = nil
    ) -> CanaryRecord {
        CanaryRecord(
            model: model, phase: phase, order: run.order, salt: run.salt, step: run.step, since: run.startedAt,
            why: end?.why, endedAt: end?.at)
    }

    /// Goes on where an earlier control plane left it: at the same step, for the same clients, with evidence from now
    /// on.
    package init(_ record: CanaryRecord) {
        self.init(model: record.model)
        let run = CanaryRun(
            record.order, salt: record.salt, step: record.step, startedAt: record.since, isNew: false)
        let end = CanaryEnd(run, why: record.why ?? "", at: record.endedAt ?? record.since)
        switch record.phase {
        case .running: phase = .running(run)
        case .promoted: phase = .promoted(record.order, salt: record.salt, since: record.since)
        case .rolledBack: phase = .rolledBack(end)
        case .aborted: phase = .aborted(end)
        }
    }
}
