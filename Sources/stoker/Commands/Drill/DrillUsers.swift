import StokerCore
import StokerLoad

/// The users of a drill: a closed loop against the gateway, and what they saw of it.
struct DrillUsers {
    /// For the first token: an engine that is slower is no engine to drill with.
    private static let patience = Duration.seconds(30)
    /// To know what is usual.
    private static let baseline = Duration.seconds(1)

    let runner: LoadRunner
    private let users: Int

    init(model: String, users: Int, status: StatusReport) async throws {
        self.users = users
        guard let listen = Endpoint(text: status.gatewayListen) else {
            throw LoadError("the gateway's address is not understood: \(status.gatewayListen)")
        }
        let host = ["0.0.0.0", "::"].contains(listen.host) ? "127.0.0.1" : listen.host
        let prompts = SyntheticPrompts(inputTokens: .constant(32), outputTokens: .constant(64))
        // Ended by `stop`; the bound is for a command that nobody looks after.
        runner = LoadRunner(
            LoadPlan(
                target: LoadTarget(
                    isTLS: status.gatewayTLS ?? false, host: host, port: listen.port, path: "/v1/chat/completions",
                    endpoint: .chat, model: model, isInsecure: true),
                arrival: .users(UserArrival(stages: [Stage(duration: 0, level: Double(users))])),
                stop: StopRule(duration: 1_800_000_000_000, grace: 0),
                workload: WorkloadPlan(dataset: .synthetic(prompts)), seed: UInt64.random(in: 0 ... .max)),
            userAgent: "stoker-drill")
    }

    /// Returns once tokens flow and a little is known of how they usually do.
    func begin() async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        while runner.snapshot().tally.total.outcomes[.ok, default: 0] == 0 {
            guard clock.now < deadline else {
                throw LoadError("no request of the load was answered within \(Self.patience.spoken)")
            }
            try await clock.sleep(for: .milliseconds(50))
        }
        try await clock.sleep(for: Self.baseline)
    }

    /// What a client saw, from the first request to the last.
    func figures(_ tally: Tally) -> DrillLoad {
        let part = tally.total
        let broken: Set<Outcome> = [.truncated, .streamError, .unfinished, .idleTimeout]
        var load = DrillLoad(users: users, requests: part.sent, failed: 0, broken: 0)
        for (outcome, count) in part.outcomes where outcome.isBad {
            if broken.contains(outcome) { load.broken += count } else { load.failed += count }
        }
        func seconds(_ value: Nanoseconds?) -> Double? { value.map { Double($0) / 1e9 } }
        load.medianFirstTokenSeconds = seconds(part.latencies[.ttftService].quantile(0.5))
        load.worstFirstTokenSeconds = seconds(part.latencies[.ttftService].max)
        load.medianGapSeconds = seconds(part.latencies[.icl].quantile(0.5))
        load.worstGapSeconds = seconds(part.latencies[.icl].max)
        return load
    }
}
