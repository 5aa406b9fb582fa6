import StokerCore

/// Lets one machine play: processes are set by hand, and what it asks for is kept.
struct StandbyStage {
    var machine: StandbyMachine
    var now = Duration.seconds(1000)
    var processes: [ProcessStatus]
    var gateway: GatewayStatus?
    var occupied: Set<String> = []
    private(set) var effects: [StandbyMachine.Effect] = []

    /// - Parameters:
    ///   - backends: Of model `m`, all managed and ready.
    ///   - cold: Its cold standbys, at rest.
    ///   - warm: Its warm ones, ready.
    ///   - away: Attached, at another site, ready.
    ///   - sharing: Who needs `gpu0`.
    init(
        backends: [String] = ["a", "b"], cold: [String] = ["c"], warm: [String] = [], away: [String] = [],
        sharing: Set<String> = [], failback: Duration = .seconds(300)
    ) {
        machine = StandbyMachine(
            StandbyPlan(
                standbyPlan(
                    backends: backends, cold: cold, warm: warm, away: away, sharing: sharing, failback: failback)))
        processes =
            backends.map { standbyStatus($0, .ready) } + warm.map { standbyStatus($0, .ready) }
            + cold.map { standbyStatus($0, .stopped) } + away.map { standbyStatus($0, .ready, managed: false) }
        look()
    }

    /// What the machine has asked for since the last time, records and files aside.
    mutating func orders() -> [StandbyMachine.Effect] {
        defer { effects.removeAll { $0.isOrder } }
        return effects.filter(\.isOrder)
    }

    /// The kinds of its records so far.
    var records: [Event.Kind] {
        effects.compactMap { if case .record(_, let kind, _, _, _) = $0 { kind } else { nil } }
    }

    var lastRecord: StandbyMachine.Effect? {
        effects.last { if case .record = $0 { true } else { false } }
    }

    var cached: [[String]] { effects.compactMap { if case .keepCached(let files) = $0 { files } else { nil } } }

    mutating func look() { effects += machine.handle(sight, at: now) }

    var sight: StandbyMachine.Sight {
        StandbyMachine.Sight(processes: processes, gateway: gateway, occupied: occupied)
    }

    /// Lets time pass; the machine looks when it said it would.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let next = machine.nextLook(after: now), next <= end {
            now = next
            look()
        }
        now = end
        look()
    }

    /// The process is in this state from now on; an unasked end is a restart more.
    mutating func set(_ name: String, _ state: ProcessStatus.State, restarts: Int? = nil, load: Double? = nil) {
        guard let index = processes.firstIndex(where: { $0.name == name }) else { return }
        processes[index].state = state
        if let restarts { processes[index].restarts = restarts }
        if let load { processes[index].lastStartSeconds = load }
        look()
    }

    /// Both backends have died and are being restarted at once.
    mutating func killAll(_ names: [String] = ["a", "b"]) {
        for name in names {
            change(name) {
                $0.state = .starting; $0.restarts += 1
            }
        }
        look()
    }

    mutating func change(_ name: String, _ change: (inout ProcessStatus) -> Void) {
        guard let index = processes.firstIndex(where: { $0.name == name }) else { return }
        change(&processes[index])
    }

    func standby(_ name: String) -> StandbyStatus? {
        machine.status(of: name, at: now, Timestamp(milliseconds: 1_000_000))
    }
}

extension StandbyMachine.Effect {
    var isOrder: Bool {
        switch self {
        case .start, .stop: true
        case .keepCached, .record: false
        }
    }
}

func standbyStatus(_ name: String, _ state: ProcessStatus.State, managed: Bool = true) -> ProcessStatus {
    ProcessStatus(
        name: name, kind: .inference, engine: .vllm, state: state, since: Timestamp(milliseconds: 0), reason: "why",
        managed: managed)
}

func standbyPlan(
    backends: [String] = ["a", "b"], cold: [String] = ["c"], warm: [String] = [], away: [String] = [],
    sharing: Set<String> = [], failback: Duration = .seconds(300)
) -> Plan {
    let here = (backends + warm + cold).map { name in
        ProcessPlan(
            name: name, kind: .inference, engine: .llamaCpp, command: ["llama-server", "-m", "/models/\(name).gguf"],
            endpoint: BackendAddress(host: "127.0.0.1", port: 9000), autostart: !cold.contains(name),
            standby: cold.contains(name) ? .cold : warm.contains(name) ? .warm : nil,
            exclusive: sharing.contains(name) ? "gpu0" : nil)
    }
    let far = away.map { name in
        ProcessPlan(
            name: name, kind: .inference, engine: .vllm, endpoint: BackendAddress(host: name, port: 8000),
            standby: .warm, site: "other")
    }
    return Plan(
        stateDirectory: "/s", runtimeDirectory: "/r",
        gateway: GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 8080)), adminListen: nil,
        events: EventRetention(), processes: here + far,
        models: [
            ModelPlan(
                name: "m", backends: backends, standby: cold + warm + away,
                deadlines: Deadlines(answer: .seconds(600)), failback: failback)
        ], digest: "0")
}
