import StokerCore

/// Reads the root of the tree into a plan and checks it as a whole.
struct PlanReader {
    let root: ConfigNode
    /// Of the config file, absolute.
    let directory: String
    let program: String
    let placeholders: Placeholders
    let diagnostics: Diagnostics

    /// The plan; to be used only when no error has been reported.
    func read(digest: String) -> Plan {
        let section = SectionReader(
            RootKeys.section, root, path: "", place: Place(line: 1, column: 1), hint: RootKeys.processes.hint,
            diagnostics)
        let state = Paths.absolute(section.value(RootKeys.stateDirectory), in: directory)
        let runtime = section.value(RootKeys.runtimeDirectory).map { Paths.absolute($0, in: directory) }
        let gateway = section.section(RootKeys.gateway, GatewayKeys.section)
        let admin = section.section(RootKeys.admin, AdminKeys.section)
        let models = section.map(RootKeys.models).map { ModelReader(diagnostics: diagnostics, entry: $0).read() }
        let processes = readProcesses(section, models, stateDirectory: state)
        let plan = Plan(
            stateDirectory: state, runtimeDirectory: runtime ?? Self.runtimeDirectory(beside: state),
            gateway: readGateway(gateway), adminListen: admin.value(AdminKeys.listen), events: readEvents(section),
            drills: readDrills(section),
            processes: processes.map(\.plan), models: models.map(\.plan), digest: digest)
        let runtimeKey = runtime == nil ? RootKeys.stateDirectory.description : RootKeys.runtimeDirectory.description
        let draft = PlanDraft(
            plan: plan, processes: processes, models: models,
            gatewayPlace: gateway.place(of: GatewayKeys.listen.description),
            adminPlace: admin.place(of: AdminKeys.listen.description), runtimePlace: section.place(of: runtimeKey))
        CrossChecks(draft: draft, diagnostics: diagnostics).run()
        return plan
    }

    /// systemd's `RuntimeDirectory=` for the usual installation; else beside the state, which is writable for sure.
    private static func runtimeDirectory(beside state: String) -> String {
        state == RootKeys.stateDirectory.fallback ? "/run/stoker" : "\(state)/run"
    }

    private func readProcesses(
        _ section: SectionReader, _ models: [ModelDraft], stateDirectory: String
    ) -> [ProcessDraft] {
        var served: [String: String] = [:]
        for model in models {
            for member in model.members where served[member.value] == nil {
                served[member.value] = model.plan.servedAs ?? model.plan.name
            }
        }
        let context = ReadingContext(
            diagnostics: diagnostics, placeholders: placeholders, directory: directory, stateDirectory: stateDirectory,
            program: program, modelServed: served,
            standbys: Set(models.flatMap { $0.standby.map(\.value) }))
        let entries = section.map(RootKeys.processes)
        if section.has(RootKeys.processes), entries.isEmpty, diagnostics.errors.isEmpty {
            diagnostics.report(
                .emptyValue, "there is no process", at: section.place(of: RootKeys.processes),
                hint: RootKeys.processes.hint)
        }
        return entries.map { ProcessReader($0, context).read() }
    }

    private func readGateway(_ section: SectionReader) -> GatewayPlan {
        GatewayPlan(
            listen: section.value(GatewayKeys.listen), maxBody: section.value(GatewayKeys.maxBody),
            maxHead: section.value(GatewayKeys.maxHead), headTimeout: section.value(GatewayKeys.headTimeout),
            writeTimeout: section.value(GatewayKeys.writeTimeout),
            maxConnections: section.value(GatewayKeys.maxConnections), threads: section.value(GatewayKeys.threads),
            keepAliveComments: section.value(GatewayKeys.keepAliveComments), drain: section.value(GatewayKeys.drain),
            recentRequests: section.value(GatewayKeys.recentRequests), tls: readTLS(section))
    }

    private func readTLS(_ gateway: SectionReader) -> GatewayTLS? {
        guard gateway.has(GatewayKeys.tls) else { return nil }
        let section = gateway.section(GatewayKeys.tls, TLSKeys.section)
        // Both before either is judged: what is wrong with the second is told as well.
        let values = (certificate: section.value(TLSKeys.certificate), key: section.value(TLSKeys.key))
        guard let certificate = values.certificate, let key = values.key else { return nil }
        return GatewayTLS(
            certificate: Paths.absolute(certificate, in: directory), key: Paths.absolute(key, in: directory))
    }

    private func readDrills(_ root: SectionReader) -> DrillPolicy {
        let section = root.section(RootKeys.drills, DrillKeys.section)
        return DrillPolicy(
            rto: section.value(DrillKeys.rto), maxFailed: section.value(DrillKeys.maxFailed),
            every: section.value(DrillKeys.every), minHealthy: section.value(DrillKeys.minHealthy))
    }

    private func readEvents(_ root: SectionReader) -> EventRetention {
        let section = root.section(RootKeys.events, EventsKeys.section)
        return EventRetention(maxAge: section.value(EventsKeys.maxAge), maxSize: section.value(EventsKeys.maxSize))
    }
}
