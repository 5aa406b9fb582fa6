import StokerCore

/// `drills:`
enum DrillKeys {
    private static let policy = DrillPolicy()

    static let rto = Key(
        "rto", .duration(.milliseconds(1) ... .seconds(3600)), default: policy.rto, example: "1m",
        "A drill fails when a client is served elsewhere later than this after the fault.")
    static let maxFailed = Key(
        "max_failed", .integer(0...1_000_000), default: policy.maxFailed, example: "0",
        "A drill fails when more requests fail or streams break than this.")
    static let every = Key(
        "every", .duration(.seconds(3600) ... .seconds(3650 * 86_400)), default: policy.every, example: "30d",
        "How old the last drill that passed may be; exported for the alert, nothing is done by itself.")
    static let minHealthy = Key(
        "min_healthy", .integer(1...64), default: policy.minHealthy, example: "1",
        "Backends of each model that must stay in rotation; a drill that would leave fewer is refused.")

    static let section = Section(
        "drills", "Failures made on purpose by stoker drill, measured and recorded.",
        keys: [rto.description, maxFailed.description, every.description, minHealthy.description])
}
