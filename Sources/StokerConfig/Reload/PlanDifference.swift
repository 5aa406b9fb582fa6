package import StokerCore

/// What a reload has to do to get from one plan to the next.
package struct PlanDifference: Sendable, Equatable {
    /// Names of processes to start, in the order of the new file.
    package var added: [String] = []
    /// Names of processes to stop, in the order of the old file.
    package var removed: [String] = []
    /// Changed in a way that only a new start takes up: command, environment, port …
    package var restarted: [String] = []
    /// Changed in a way that holds from now on: probes, restart policy, grace …
    package var updated: [String] = []
    /// Whether models, deadlines or the gateway's limits differ, so that the gateway needs a new table.
    package var changesRouting = false
    /// Whether only a new gateway process can take up what changed: one is started beside the old one.
    package var replacesGateway = false
    /// Settings that only a restart of the daemon takes up. If there are any, the reload is refused whole.
    package var fixed: [FixedSetting] = []

    /// A setting that a running daemon cannot change.
    package struct FixedSetting: Sendable, Equatable {
        /// As the config names it: `gateway.listen`.
        package var key: String
        /// What the daemon runs with.
        package var old: String
        /// What the file says now.
        package var new: String
    }

    /// Whether there is nothing to do.
    package var isEmpty: Bool { self == PlanDifference() }

    /// Nothing to do.
    package init() {}

    /// What changes from `old` to `new`.
    package init(from old: Plan, to new: Plan) {
        added = new.processes.map(\.name).filter { old.process(named: $0) == nil }
        removed = old.processes.map(\.name).filter { new.process(named: $0) == nil }
        for process in new.processes {
            guard let before = old.process(named: process.name), before != process else { continue }
            if process.needsRestart(after: before) {
                restarted.append(process.name)
            } else {
                updated.append(process.name)
            }
        }
        changesRouting =
            old.models != new.models || old.gateway != new.gateway || Self.endpoints(old) != Self.endpoints(new)
            || Self.slots(old) != Self.slots(new)
            || old.models.map(old.tiers) != new.models.map(new.tiers)
        replacesGateway = old.gateway.threads != new.gateway.threads
        fixed = Self.fixedSettings(from: old, to: new)
    }

    /// One sentence on why the reload is refused, and what to do; nil when it is not.
    package var refusal: (message: String, hint: String)? {
        guard !fixed.isEmpty else { return nil }
        let changes = fixed.map { "\($0.key) (\($0.old) → \($0.new))" }.joined(separator: ", ")
        return ("only a restart of stoker can change \(changes)", "stoker check, then restart stoker run")
    }

    /// By name: the order of the file is no difference.
    private static func endpoints(_ plan: Plan) -> [String: BackendAddress] {
        Dictionary(plan.processes.compactMap { process in process.endpoint.map { (process.name, $0) } }) { first, _ in
            first
        }
    }

    private static func slots(_ plan: Plan) -> [String: Int] {
        Dictionary(plan.processes.compactMap { process in process.slots.map { (process.name, $0) } }) { first, _ in
            first
        }
    }

    private static func fixedSettings(from old: Plan, to new: Plan) -> [FixedSetting] {
        let settings: [(key: String, value: (Plan) -> String)] = [
            ("state_dir", \.stateDirectory),
            ("runtime_dir", \.runtimeDirectory),
            ("gateway.listen", \.gateway.listen.text),
            ("admin.listen", { $0.adminListen?.text ?? "off" }),
            ("events.max_age", \.events.maxAge.text),
            ("events.max_size", \.events.maxSize.text),
        ]
        return settings.compactMap { key, value in
            value(old) == value(new) ? nil : FixedSetting(key: key, old: value(old), new: value(new))
        }
    }
}
