import StokerCore

/// `probes:`
enum ProbesKeys {
    static let startup = probe(
        "startup", "from engine: its health path every \(ProbeKeys.startupInterval.text)",
        "Until it succeeds once, the process counts as starting and the other two are not asked.")
    static let liveness = probe(
        "liveness", "off", "Failing it is a reason to restart; engines under load are slow, not dead, hence off.")
    static let readiness = probe(
        "readiness", "from engine: its health path", "Failing it takes the backend out of rotation.")
    static let startTimeout = BareKey(
        "start_timeout", .duration(.seconds(1) ... .seconds(86_400)), absent: "from engine, else 15m",
        example: "15m", "How long startup may take before the start counts as failed.")

    static let section = Section(
        "probes", "Each is off or a mapping; without a target it asks the engine's own health path.",
        keys: [startup, liveness, readiness, startTimeout.description])

    private static func probe(_ name: String, _ fallback: String, _ summary: String) -> KeyDescription {
        KeyDescription(
            name: name, kind: .orOff(.section(ProbeKeys.section)), presence: .optional(fallback),
            example: "{ http: /health, interval: 1s }", summary: summary)
    }
}

/// `startup:`, `liveness:`, `readiness:`
enum ProbeKeys {
    private static let plan = ProbePlan(target: .exec(command: []))
    /// Loading ends at some unknown moment, and each interval of waiting after it is an outage for nothing.
    static let startupInterval = Duration.milliseconds(250)

    static let http = BareKey(
        "http", .url, absent: "the engine's health path", example: "/health",
        "A path of the process itself, or a whole URL; any 2xx is success.")
    static let tcp = BareKey(
        "tcp", .address, absent: "none", example: "127.0.0.1:9001", "Success is a connection that is accepted.")
    static let exec = KeyDescription(
        name: "exec", kind: .list(.text(multiline: true)), presence: .optional("none"),
        example: "[/opt/engine/check, --quick]",
        summary: "A program that exits 0 in time, run with the environment and directory of the process.")
    static let interval = BareKey(
        "interval", .duration(.milliseconds(50) ... .seconds(3600)),
        absent: "\(plan.interval.text), for startup \(startupInterval.text)", example: "1s",
        "Time from one probe to the next, ±10 %.")
    static let timeout = BareKey(
        "timeout", .duration(.milliseconds(10) ... .seconds(300)), absent: "from engine, else \(plan.timeout.text)",
        example: "800ms", "How long one probe may take.")
    static let successes = Key(
        "successes", .integer(1...100), default: plan.successThreshold, example: "1",
        "Successes in a row that make it pass.")
    static let failures = Key(
        "failures", .integer(1...100), default: plan.failureThreshold, example: "2",
        "Failures in a row that make it fail.")

    static let section = Section(
        "probe", "One question; at most one of http, tcp and exec.",
        keys: [
            http.description, tcp.description, exec, interval.description, timeout.description,
            successes.description, failures.description,
        ])
}
