/// What Stoker knows about an engine before anybody configures it. Sources: research notes cited in docs/engines.md.
package struct EngineProfile: Sendable, Equatable {
    /// Whose profile it is.
    package var engine: Engine
    /// The port that the engine takes when nobody names one.
    package var defaultPort: UInt16
    /// The cheap path that answers 2xx once the weights are loaded; used for startup, liveness and readiness alike.
    package var healthPath: String
    /// Where Prometheus metrics are, nil when the engine has none (Ollama).
    package var metricsPath: String?
    /// How long one probe may take. SGLang's `/health` sleeps a second before it answers, hence per engine.
    package var probeTimeout: Duration
    /// How long the engine may load before the start counts as failed.
    package var startTimeout: Duration
    /// How to continue a broken answer.
    package var continuation: ContinuationDialect
    /// Arguments to add unless the command already has them: what an operator forgets and then misses at 03:00.
    package var addedArguments: [String]
    /// Idle upstream connections are closed after this, sooner than the engine does (vLLM: 5 s), else random resets.
    package var keepAlive: Duration

    /// The profile of an engine; every engine has one.
    package static func of(_ engine: Engine) -> EngineProfile {
        var profile = EngineProfile(
            engine: engine, defaultPort: 8000, healthPath: "/health", metricsPath: "/metrics",
            probeTimeout: .milliseconds(800), startTimeout: .seconds(900), continuation: .none, addedArguments: [],
            keepAlive: .seconds(4))
        switch engine {
        case .vllm:
            profile.continuation = .continueFinalMessage
        case .sglang:
            profile.defaultPort = 30000
            profile.healthPath = "/ready"
            profile.continuation = .continueFinalMessage
            profile.addedArguments = ["--enable-metrics"]
        case .llamaCpp:
            profile.defaultPort = 8080
            profile.continuation = .assistantPrefill
            profile.addedArguments = ["--metrics"]
        case .ollama:
            profile.defaultPort = 11434
            profile.healthPath = "/api/version"
            profile.metricsPath = nil
        case .tgi:
            profile.defaultPort = 3000
            profile.continuation = .prompt
        case .openai:
            profile.healthPath = "/v1/models"
            profile.continuation = .prompt
            profile.metricsPath = nil
        case .stoker:
            profile.defaultPort = 9010
            profile.healthPath = "/healthz"
            profile.startTimeout = .seconds(60)
        case .simulator:
            profile.continuation = .continueFinalMessage
            profile.startTimeout = .seconds(60)
        }
        return profile
    }
}
