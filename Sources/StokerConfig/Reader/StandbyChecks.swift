import StokerCore

/// Checks of standbys and of what only one process may hold, once all processes and models are known.
struct StandbyChecks {
    let draft: PlanDraft
    let diagnostics: Diagnostics

    func run() {
        checkColdBackends()
        checkHolders()
        checkOrder()
    }

    /// One that is started only when it is needed is nobody's first choice.
    private func checkColdBackends() {
        for process in draft.processes where process.plan.standby == .cold {
            let name = process.plan.name
            guard let model = draft.plan.models.first(where: { $0.backends.contains(name) }) else { continue }
            diagnostics.report(
                .conflict, "\(name) is a cold standby, and among the backends of \(model.name)",
                at: process.standbyPlace ?? process.place, hint: "standby: warm")
        }
    }

    /// Of those that need the same, one at most may start by itself.
    private func checkHolders() {
        var holders: [String: String] = [:]
        for process in draft.processes where process.plan.autostart {
            guard let resource = process.plan.exclusive else { continue }
            guard let holder = holders[resource] else {
                holders[resource] = process.plan.name
                continue
            }
            let isStandby = process.plan.standby != nil
            diagnostics.report(
                .conflict, "\(resource) is held by \(holder) from the start, so \(process.plan.name) would never start",
                at: process.exclusivePlace ?? process.place, hint: isStandby ? "standby: cold" : "autostart: false")
        }
    }

    /// Who waits for the holder to be ready never gets what it holds.
    private func checkOrder() {
        for process in draft.processes {
            guard let resource = process.plan.exclusive else { continue }
            for dependency in process.startAfter
            where draft.plan.process(named: dependency.value)?.exclusive == resource {
                diagnostics.report(
                    .conflict,
                    "\(process.plan.name) starts after \(dependency.value), and both need \(resource)",
                    at: dependency.place, hint: "remove the entry \(dependency.value)")
            }
        }
    }
}
