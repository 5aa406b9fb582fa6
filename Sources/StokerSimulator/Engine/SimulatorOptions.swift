/// Whose ways the simulator imitates: paths, health, metrics, error forms.
package enum SimulatorDialect: String, Sendable, CaseIterable {
    case vllm
}

/// How the simulated engine behaves.
package struct SimulatorOptions: Sendable, Equatable {
    /// The one model that it serves; any other name is a 404.
    package var model: String
    /// Time to first token and inter-token time.
    package var timeline: Timeline
    /// Words of an answer; a request's `max_tokens` may ask for fewer.
    package var tokens: Int
    /// How long it "loads": `/health` says 503 until then.
    package var startup: Duration
    /// Requests that run at once; more wait. 0 is no bound.
    package var slots: Int
    package var dialect: SimulatorDialect

    package init(
        model: String, timeline: Timeline, tokens: Int = 16, startup: Duration = .zero, slots: Int = 0,
        dialect: SimulatorDialect = .vllm
    ) {
        self.model = model
        self.timeline = timeline
        self.tokens = tokens
        self.startup = startup
        self.slots = slots
        self.dialect = dialect
    }

    /// Largest request body in bytes; more is a 413.
    package static let maxBody = 8 << 20
    /// Largest `max_tokens`; more is a 400, as an engine does beyond its context length.
    package static let maxTokens = 1_000_000
}
