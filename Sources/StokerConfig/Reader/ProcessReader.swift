import StokerCore

/// A process as read, with the places that later checks need.
struct ProcessDraft {
    var plan: ProcessPlan
    /// Of the process's name in the file.
    var place: Place
    /// Of `port`, or the name when the engine's own port is taken.
    var portPlace: Place
    /// false after an error that leaves the port open.
    var isPortKnown = true
    var startAfter: [Located<String>] = []
    /// Of `standby` and `exclusive`, or of the name.
    var standbyPlace: Place?
    var exclusivePlace: Place?
}

/// Reads one entry of `processes`.
///
/// After an error the reading goes on with something harmless, and what follows only from that is not reported.
struct ProcessReader {
    let context: ReadingContext
    let name: String
    let section: SectionReader
    let placeOfName: Place

    init(_ entry: ConfigNode.Entry, _ context: ReadingContext) {
        self.context = context
        name = entry.key
        placeOfName = entry.place
        section = SectionReader(
            ProcessKeys.section, entry.value, path: "processes.\(entry.key)", place: entry.place,
            hint: "\(entry.key): { engine: simulator }", context.diagnostics)
    }

    func read() -> ProcessDraft {
        var plan = ProcessPlan(name: name, kind: .inference)
        if section.isBroken {
            return ProcessDraft(plan: plan, place: placeOfName, portPlace: placeOfName, isPortKnown: false)
        }
        let what = readKind()
        (plan.kind, plan.engine) = (what.kind, what.engine)
        let profile = what.engine.map(EngineProfile.of)
        let isAttached = section.has(ProcessKeys.url.description)
        let port = isAttached ? nil : readPort(profile)
        let workplace = Workplace(directory: readDirectory(), port: port?.number)
        if isAttached {
            refuseStartKeys()
            plan.endpoint = readURL()
        } else {
            plan.endpoint = port.map { BackendAddress(host: "127.0.0.1", port: $0.number) }
            plan.command = readCommand(what.engine, profile, workplace)
            plan.directory = workplace.directory
            plan.environment = readEnvironment(port?.number)
            plan.autostart = section.value(ProcessKeys.autostart)
        }
        readStandby(into: &plan, isAttached: isAttached)
        readPolicies(into: &plan)
        plan.probes =
            ProbeReader(context: context, section: section, workplace: workplace, endpoint: plan.endpoint).read(profile)
        plan.slots =
            section.value(ProcessKeys.slots)
            ?? what.engine.flatMap { engine in
                plan.command.flatMap { EngineSlots.read($0, of: engine) }
            }
        let startAfter = readStartAfter(into: &plan)
        return ProcessDraft(
            plan: plan, place: placeOfName, portPlace: section.place(of: ProcessKeys.port.description),
            isPortKnown: what.isKnown && port?.isKnown ?? false, startAfter: startAfter,
            standbyPlace: section.place(of: ProcessKeys.standby.description),
            exclusivePlace: section.place(of: ProcessKeys.exclusive.description))
    }

    /// Whether any model has it as a standby is known; that others agree is checked once all are read.
    private func readStandby(into plan: inout ProcessPlan, isAttached: Bool) {
        let written = section.value(ProcessKeys.standby)
        let isListed = context.standbys.contains(name)
        plan.standby = isListed ? written ?? .warm : nil
        if written != nil, !isListed {
            context.diagnostics.report(
                .conflict, "\(name) is the standby of no model",
                at: section.keyPlace(of: ProcessKeys.standby.description),
                hint: "models: { m: { backends: [engine-a], standby: [\(name)] } }")
        }
        if written == .cold, isAttached {
            context.diagnostics.report(
                .conflict, "\(name) has a url and no command, so Stoker cannot start it when it is needed",
                at: section.place(of: ProcessKeys.standby.description), hint: "standby: warm")
        }
        if plan.standby == .cold { plan.autostart = false }
        plan.site = section.value(ProcessKeys.site)
        if plan.site != nil, !isAttached {
            context.diagnostics.report(
                .conflict, "\(name) is started here, so it stands at no other site",
                at: section.keyPlace(of: ProcessKeys.site.description), hint: "remove site")
        }
        if !isAttached { plan.exclusive = section.value(ProcessKeys.exclusive) }
    }

    private func readPolicies(into plan: inout ProcessPlan) {
        let policies = PolicyReader(section: section)
        plan.restart = policies.restart()
        plan.stop = policies.stop()
        plan.log = policies.log()
        plan.limits = policies.limits()
    }

    /// What the process is, from the two keys that say it; each can be inferred from the other.
    private func readKind() -> (kind: ProcessKind, engine: Engine?, isKnown: Bool) {
        let (writtenKind, writtenEngine) = (section.value(ProcessKeys.kind), section.value(ProcessKeys.engine))
        let isMisread =
            writtenKind == nil && section.has(ProcessKeys.kind.description)
            || writtenEngine == nil && section.has(ProcessKeys.engine.description)
        if isMisread { return (.inference, writtenEngine ?? .openai, section.has(ProcessKeys.port.description)) }
        let kind = writtenKind ?? (writtenEngine == nil ? .other : writtenEngine == .stoker ? .knowledge : .inference)
        let isBare = !section.has(ProcessKeys.command) && !section.has(ProcessKeys.url.description)
        let engine = writtenEngine ?? (kind == .inference ? .openai : kind == .knowledge && isBare ? .stoker : nil)
        if let engine, let problem = Self.mismatch(kind, engine) {
            context.diagnostics.report(
                .conflict, problem, at: section.place(of: ProcessKeys.kind.description),
                hint: "kind: \(engine == .stoker ? "knowledge" : "inference")")
        }
        return (kind, engine, true)
    }

    private static func mismatch(_ kind: ProcessKind, _ engine: Engine) -> String? {
        switch (kind, engine) {
        case (.other, _): "a process of kind other has no engine"
        case (.inference, .stoker): "the engine stoker is a knowledge service"
        case (.knowledge, .stoker), (.inference, _): nil
        default: "\(engine.rawValue) is an engine for inference"
        }
    }

    private func readURL() -> BackendAddress? {
        let key = ProcessKeys.url.description
        guard let text = section.value(ProcessKeys.url), let place = section.has(key) ? section.place(of: key) : nil,
            let plain = context.placeholders.expand(
                text, at: place, port: nil, use: .shown(in: "url is shown in status and metrics; write it out"))
        else { return nil }
        return context.webAddress(plain.revealed, of: key.name, at: place).map { address in
            var backend = address.backend
            backend.pathPrefix = String(address.target.reversed().drop { $0 == "/" }.reversed())
            if address.target.contains(where: { "?#".contains($0) }) {
                context.diagnostics.report(
                    .badURL, "url has a query or a fragment, which cannot stand before a path", at: place,
                    hint: "url: \(BackendAddress(host: backend.host, port: backend.port, tls: backend.tls).url)")
            }
            return backend
        }
    }

    /// In attach mode there is nothing to start, so a key that says how would be a misunderstanding.
    private func refuseStartKeys() {
        for key in ProcessKeys.onlyManaged where section.has(key) {
            context.diagnostics.report(
                .attachMode, "\(key.name) has no meaning beside url: Stoker does not start \(name)",
                at: section.keyPlace(of: key), hint: "remove \(key.name), or url")
        }
    }

    private func readPort(_ profile: EngineProfile?) -> (number: UInt16, isKnown: Bool)? {
        if let written = section.value(ProcessKeys.port).flatMap(UInt16.init(exactly:)) { return (written, true) }
        let isMisread = section.has(ProcessKeys.port.description)
        if let usual = profile?.defaultPort { return (usual, !isMisread) }
        return isMisread ? (1, false) : nil
    }

    /// Children do not inherit the daemon's directory: it depends on who started the daemon.
    private func readDirectory() -> String {
        Paths.absolute(section.value(ProcessKeys.directory) ?? ".", in: context.directory)
    }

    private func readStartAfter(into plan: inout ProcessPlan) -> [Located<String>] {
        let shape = Shape<StartCondition>.choice()
        var found: [Located<String>] = []
        for entry in section.map(ProcessKeys.startAfter) {
            let key = KeyDescription(
                name: entry.key, kind: shape.kind, presence: .required, example: "ready", summary: "")
            guard let condition = section.scalar(entry.value, as: shape, of: key) else { continue }
            plan.startAfter[entry.key] = condition
            found.append(Located(value: entry.key, place: entry.place))
        }
        return found
    }
}
