extension RoutingTable {
    /// The table that follows from the plan and what the supervisor knows of its processes.
    ///
    /// A backend is in rotation while its process is `ready`; a process that nobody has reported on is not.
    package init(plan: Plan, statuses: [ProcessStatus], version: UInt64, epoch: Int64) {
        let known = Dictionary(statuses.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let served = Set(plan.models.flatMap { $0.backends + $0.standby })
        self.init(
            version: version, epoch: epoch, limits: plan.gateway,
            backends: plan.processes.compactMap { process in
                guard served.contains(process.name), let address = process.endpoint else { return nil }
                return BackendRoute(process: process, address: address, status: known[process.name])
            },
            models: plan.models.map { model in
                ModelRoute(
                    name: model.name, tiers: [model.backends, model.standby].filter { !$0.isEmpty },
                    servedAs: model.servedAs, deadlines: model.deadlines, seams: model.seams,
                    affinity: model.affinity, queue: model.queue)
            })
    }
}

extension BackendRoute {
    fileprivate init(process: ProcessPlan, address: BackendAddress, status: ProcessStatus?) {
        let profile = EngineProfile.of(process.engine ?? .openai)
        self.init(
            name: process.name, address: address, inRotation: status?.state == .ready,
            isUnready: status?.state == .unready,
            reason: status.map { "\($0.state.rawValue): \($0.reason)" } ?? "not started yet",
            healthPath: profile.healthPath, keepAlive: profile.keepAlive, continuation: profile.continuation,
            slots: process.slots)
    }
}

extension ModelStatus {
    /// How a model stands, from what the gateway reports; without a report, from the table.
    package init(model: ModelPlan, table: RoutingTable, gateway: GatewayStatus?) {
        let usable: Set<String>
        if let gateway {
            usable = Set(gateway.backends.filter(\.usable).map(\.name))
        } else {
            usable = Set(table.backends.filter(\.inRotation).map(\.name))
        }
        self.init(
            name: model.name, backends: model.backends, standby: model.standby,
            inRotation: (model.backends + model.standby).count { usable.contains($0) },
            remarks: gateway.map { report in
                let members = Set(model.backends + model.standby)
                return report.backends.filter { members.contains($0.name) }.compactMap(\.remark)
            })
    }
}
