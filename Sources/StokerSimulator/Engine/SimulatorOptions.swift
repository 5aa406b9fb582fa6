/// How the simulated engine behaves.
package struct SimulatorOptions: Sendable, Equatable {
    /// When a stream ends with the counts.
    package enum Usage: String, Sendable, CaseIterable {
        /// When `stream_options.include_usage` asks for it, as OpenAI's does; a whole answer always has them.
        case asked
        case always, never
    }

    /// The one model that it serves; any other name is a 404.
    package var model: String
    package var dialect = SimulatorDialect.vllm
    /// Equal seeds and prompts give equal times.
    package var seed: UInt64 = 0
    package var firstToken = LatencyModel.constant(.milliseconds(50))
    /// From one token to the next.
    package var interval = LatencyModel.constant(.milliseconds(10))
    /// Added to the first token's time by each token of the prompt that is not in the prefix cache.
    package var prefill = Duration.zero
    /// How many times longer everything takes with all slots full; in between it grows evenly.
    package var slowdown = 1.0
    /// Words of an answer; a request's `max_tokens` may ask for fewer.
    package var tokens = 16
    /// Tokens in one event: an engine that decodes several a step.
    package var tokensPerEvent = 1
    /// Events in one write: a proxy that coalesces.
    package var eventsPerWrite = 1
    /// Tokens of reasoning before a chat's answer.
    package var reasoningTokens = 0
    package var usage = Usage.asked
    /// How long it "loads": `/health` says 503 until then.
    package var startup = Duration.zero
    /// Requests that run at once; more wait. 0 is no bound.
    package var slots = 0
    /// Requests that may wait; nil is no bound.
    package var queue: Int?
    /// KV memory in tokens, for running requests and for the prefix cache; 0 is no bound and no cache.
    package var kvTokens = 0
    /// Whether each event says when it was sent.
    package var stamps = false
    /// On from the start.
    package var faults: [Fault] = []
    package var scenario = Scenario()

    package init(model: String) { self.model = model }

    /// Largest request body in bytes; more is a 413.
    package static let maxBody = 8 << 20
    /// Largest `max_tokens`; more is a 400, as an engine does beyond its context length.
    package static let maxTokens = 1_000_000
}
