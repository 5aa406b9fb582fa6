/// Whether a drill may be done now, and whom it would hit.
package struct DrillGuard: Sendable {
    package var table: RoutingTable
    /// Backends that the gateway sends requests to; nil while it does not answer.
    package var usable: Set<String>?
    package var processes: [ProcessStatus]
    package var minHealthy: Int
    /// The drill that runs; nil when none does.
    package var running: Int64?

    package init(
        table: RoutingTable, usable: Set<String>?, processes: [ProcessStatus], minHealthy: Int, running: Int64? = nil
    ) {
        self.table = table
        self.usable = usable
        self.processes = processes
        self.minHealthy = minHealthy
        self.running = running
    }

    /// What would be hit.
    ///
    /// - Throws: why not, and what to do.
    package func check(_ order: DrillOrder) throws(ControlError) -> DrillPlan {
        if let running { throw .drillRefused("drill \(running) runs; one at a time", hint: "wait for its end") }
        guard let reported = usable else { throw .drillRefused("the gateway does not answer", hint: "stoker status") }
        // The report may be half a second old; what the table has taken out since then is out.
        let usable = reported.intersection(table.backends.filter(\.inRotation).map(\.name))
        guard !order.targets.isEmpty, order.kind == .site || order.targets.count == 1,
            Set(order.targets).count == order.targets.count
        else { throw .drillRefused("name one process, or for a site each once", hint: "stoker drill kill NAME") }
        guard DrillOrder.length.contains(order.lasts), (0...DrillOrder.maximumUsers).contains(order.users) else {
            throw .drillRefused(
                "a drill lasts 1 s to 5 min, under a load of at most \(DrillOrder.maximumUsers) users",
                hint: "--for 10s --under-load 20")
        }
        var targets: [DrillPlan.Target] = []
        for name in order.targets { targets.append(try target(name, order.kind, usable)) }
        return DrillPlan(order: order, targets: targets, models: try models(of: order, usable))
    }

    private func target(
        _ name: String, _ kind: DrillOrder.Kind, _ usable: Set<String>
    ) throws(ControlError) -> DrillPlan.Target {
        guard let process = processes.first(where: { $0.name == name }) else { throw unknown(name) }
        guard table.models.contains(where: { $0.tiers.joined().contains(name) }) else {
            throw .drillRefused(
                "\(name) answers for no model: nobody could take over", hint: "name a backend of a model")
        }
        guard kind == .drain || kind == .site || process.managed else {
            throw ControlError(
                code: .notManaged, message: "\(name) is only watched (it has a url and no command)",
                hint: "stoker drill drain \(name)")
        }
        guard usable.contains(name), process.state == .ready else {
            throw .drillRefused(
                "\(name) gets no requests now (\(process.state.rawValue)): its loss would prove nothing",
                hint: "stoker status")
        }
        return DrillPlan.Target(name: name, pid: process.managed ? process.pid : nil)
    }

    private func models(
        of order: DrillOrder, _ usable: Set<String>
    ) throws(ControlError) -> [DrillPlan.Model] {
        var found: [DrillPlan.Model] = []
        for model in table.models {
            let backends = model.tiers.joined()
            guard backends.contains(where: order.targets.contains) else { continue }
            let left = backends.filter { usable.contains($0) && !order.targets.contains($0) }
            guard left.count >= minHealthy else {
                throw .drillRefused(
                    "\(model.name) would be left with \(left.count) healthy backend\(left.count == 1 ? "" : "s"); "
                        + "drills.min_healthy is \(minHealthy)",
                    hint: left.isEmpty ? "give it a second backend first" : "wait until the others are ready")
            }
            found.append(DrillPlan.Model(name: model.name, left: left))
        }
        return found
    }

    private func unknown(_ name: String) -> ControlError {
        let names = processes.map(\.name)
        let near = Spelling.nearest(to: name, among: names)
        return ControlError(
            code: .unknownProcess, message: "there is no process \(name)",
            hint: near.map { "did you mean \($0)?" } ?? "the processes are: \(names.joined(separator: ", "))")
    }
}

/// A drill that may be done: whom it hits and who is left.
package struct DrillPlan: Sendable, Equatable, Codable {
    package struct Target: Sendable, Equatable, Codable {
        package var name: String
        /// nil for one that is only watched.
        package var pid: Int32?

        package init(name: String, pid: Int32? = nil) {
            self.name = name
            self.pid = pid
        }
    }

    package struct Model: Sendable, Equatable, Codable {
        package var name: String
        /// Backends that go on serving.
        package var left: [String]

        package init(name: String, left: [String]) {
            self.name = name
            self.left = left
        }
    }

    package var order: DrillOrder
    package var targets: [Target]
    package var models: [Model]

    package init(order: DrillOrder, targets: [Target], models: [Model]) {
        self.order = order
        self.targets = targets
        self.models = models
    }

    /// What is about to happen, one line each, for the person who is asked.
    package var lines: [String] {
        targets.map { target in "\(action(target)) \(target.name)\(target.pid.map { " (pid \($0))" } ?? "")" }
            + models.map { "\($0.name) goes on with \($0.left.joined(separator: ", "))" }
    }

    private func action(_ target: Target) -> String {
        switch order.kind {
        case .kill: "SIGKILL to"
        case .hang: "SIGSTOP for \(order.lasts.spoken) to"
        case .drain: "no requests for \(order.lasts.spoken) to"
        case .site: target.pid == nil ? "no requests for \(order.lasts.spoken) to" : "SIGKILL to"
        }
    }
}

extension ControlError {
    /// A drill that must not be done now.
    package static func drillRefused(_ message: String, hint: String) -> ControlError {
        ControlError(code: .drillRefused, message: message, hint: hint)
    }
}
