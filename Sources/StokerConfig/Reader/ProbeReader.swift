import StokerCore

/// Reads `probes`, and fills in what the engine's profile knows.
struct ProbeReader {
    let context: ReadingContext
    /// Of the process.
    let section: SectionReader
    let workplace: Workplace
    let endpoint: BackendAddress?

    func read(_ profile: EngineProfile?) -> ProbePlans {
        let probes = section.section(ProcessKeys.probes, ProbesKeys.section)
        let usual = usualTarget(profile)
        let timeout = profile?.probeTimeout ?? ProbePlan(target: .exec(command: [])).timeout
        var start = usual.map { ProbePlan(target: $0, timeout: timeout) }
        start?.interval = ProbeKeys.startupInterval
        let ready = usual.map { ProbePlan(target: $0, timeout: timeout) }
        return ProbePlans(
            startup: read(ProbesKeys.startup, in: probes, absent: start, interval: ProbeKeys.startupInterval, profile),
            liveness: read(ProbesKeys.liveness, in: probes, absent: nil, interval: .seconds(1), profile),
            readiness: read(ProbesKeys.readiness, in: probes, absent: ready, interval: .seconds(1), profile),
            startTimeout: probes.value(ProbesKeys.startTimeout) ?? profile?.startTimeout ?? ProbePlans().startTimeout)
    }

    /// The cheap path that answers once the weights are loaded.
    private func usualTarget(_ profile: EngineProfile?) -> ProbeTarget? {
        guard let profile, let endpoint else { return nil }
        return .http(url: endpoint.url + profile.healthPath)
    }

    private func read(
        _ key: KeyDescription, in probes: SectionReader, absent: ProbePlan?, interval: Duration,
        _ profile: EngineProfile?
    ) -> ProbePlan? {
        guard let node = probes.node(key) else { return absent }
        if case .scalar(let text, _) = node.content, text == "off" || text == "false" { return nil }
        let probe = probes.section(key, ProbeKeys.section)
        guard !probe.isBroken, let target = target(of: probe, usual: usualTarget(profile)) else { return nil }
        let plain = ProbePlan(target: target)
        return ProbePlan(
            target: target, interval: probe.value(ProbeKeys.interval) ?? interval,
            timeout: probe.value(ProbeKeys.timeout) ?? profile?.probeTimeout ?? plain.timeout,
            successThreshold: probe.value(ProbeKeys.successes), failureThreshold: probe.value(ProbeKeys.failures))
    }

    private func target(of probe: SectionReader, usual: ProbeTarget?) -> ProbeTarget? {
        let given = [ProbeKeys.http.description, ProbeKeys.tcp.description, ProbeKeys.exec].filter(probe.has)
        if let second = given.dropFirst().first {
            context.diagnostics.report(
                .conflict, "\(probe.path) asks both \(given[0].name) and \(second.name); a probe asks one question",
                at: probe.keyPlace(of: second), hint: "keep one of \(given.map(\.name).joined(separator: ", "))")
        }
        if probe.has(ProbeKeys.http.description) { return http(probe) }
        if probe.has(ProbeKeys.tcp.description) {
            return probe.value(ProbeKeys.tcp).map { .tcp(host: $0.host, port: $0.port) }
        }
        if let items = probe.list(ProbeKeys.exec) {
            return context.command(items, of: ProbeKeys.exec, workplace, in: probe).map { .exec(command: $0) }
        }
        if usual == nil, !probe.has(ProbeKeys.exec) {
            context.diagnostics.report(
                .badProbe, "\(probe.path) has nothing to ask: without an engine there is no usual health path",
                at: probe.place, hint: "tcp: 127.0.0.1:9001")
        }
        return usual
    }

    private func http(_ probe: SectionReader) -> ProbeTarget? {
        let key = ProbeKeys.http.description
        guard let text = probe.value(ProbeKeys.http) else { return nil }
        let use = Placeholders.Use.shown(in: "a probe's URL is shown in status and events; write it out")
        let place = probe.place(of: key)
        guard let url = context.placeholders.expand(text, at: place, port: workplace.port, use: use)?.revealed else {
            return nil
        }
        guard url.hasPrefix("/") else {
            return context.webAddress(url, of: key.name, at: place).map { .http(url: $0.backend.url + $0.target) }
        }
        guard let endpoint else {
            context.diagnostics.report(
                .badProbe, "http is a path, but the process has neither a port nor a url", at: place,
                hint: "http: http://127.0.0.1:9001/health")
            return nil
        }
        return .http(url: endpoint.url + url)
    }
}
