import StokerCore

/// A process as read, with the places that later checks need.
struct ProcessDraft {
    var plan: ProcessPlan
    /// Of the process's name in the file.
    var place: Place
    /// Of `port`, or the name when the engine's own port is taken.
    var portPlace: Place
    var startAfter: [Located<String>]
}

/// Reads one entry of `processes`.
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
            ProcessKeys.section, entry.value, path: "processes.\(entry.key)", place: entry.place, context.diagnostics)
    }

    func read() -> ProcessDraft {
        let (kind, engine) = readKind()
        let attached = readURL()
        let isAttached = section.has(ProcessKeys.url.description)
        if isAttached { refuseStartKeys() }
        let profile = engine.map(EngineProfile.of)
        let port = isAttached ? nil : readPort(profile)
        let endpoint = attached ?? port.map { BackendAddress(host: "127.0.0.1", port: $0) }
        let workplace = Workplace(directory: readDirectory(), port: port)

        var plan = ProcessPlan(name: name, kind: kind, engine: engine, endpoint: endpoint)
        if !isAttached {
            plan.command = readCommand(engine, profile, workplace)
            plan.directory = workplace.directory
            plan.environment = readEnvironment(port)
            plan.autostart = section.value(ProcessKeys.autostart)
        }
        let policies = PolicyReader(section: section)
        plan.restart = policies.restart()
        plan.stop = policies.stop()
        plan.log = policies.log()
        plan.limits = policies.limits()
        plan.probes = ProbeReader(context: context, section: section, workplace: workplace, endpoint: endpoint)
            .read(profile)
        let startAfter = readStartAfter(into: &plan)
        return ProcessDraft(
            plan: plan, place: placeOfName, portPlace: section.place(of: ProcessKeys.port.description),
            startAfter: startAfter)
    }

    /// What the process is, from the two keys that say it; each can be inferred from the other.
    private func readKind() -> (ProcessKind, Engine?) {
        let written = section.value(ProcessKeys.engine)
        let kind =
            section.value(ProcessKeys.kind) ?? (written == nil ? .other : written == .stoker ? .knowledge : .inference)
        let isBare = !section.has(ProcessKeys.command) && !section.has(ProcessKeys.url.description)
        let engine = written ?? (kind == .inference ? .openai : kind == .knowledge && isBare ? .stoker : nil)
        guard let engine, let problem = Self.mismatch(kind, engine) else { return (kind, engine) }
        context.diagnostics.report(
            .conflict, problem, at: section.place(of: ProcessKeys.kind.description),
            hint: "kind: \(engine == .stoker ? "knowledge" : "inference")")
        return (kind, engine)
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

    private func readPort(_ profile: EngineProfile?) -> UInt16? {
        let written = section.value(ProcessKeys.port).flatMap(UInt16.init(exactly:))
        return written ?? profile?.defaultPort
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
