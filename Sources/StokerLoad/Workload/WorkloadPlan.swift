/// What requests ask.
package struct WorkloadPlan: Sendable, Equatable {
    package var dataset: Dataset
    /// Whether each prompt begins with something no other has, so that no cache answers for the engine.
    ///
    /// Blocks of a trace are exempt: there the recording says what a cache may find.
    package var bustsCache: Bool
    /// `max_tokens` of each turn, whatever the data set says; nil: as it says.
    package var outputTokens: LengthDistribution?
    /// Asks the engine to go on to `max_tokens` whatever it says (vLLM, SGLang); without it answers end when they end.
    package var ignoresEnd: Bool
    package var temperature: Double?
    /// A JSON object whose members are added to each body.
    package var extraBody: String?

    package init(
        dataset: Dataset, bustsCache: Bool = true, outputTokens: LengthDistribution? = nil, ignoresEnd: Bool = false,
        temperature: Double? = 0, extraBody: String? = nil
    ) {
        self.dataset = dataset
        self.bustsCache = bustsCache
        self.outputTokens = outputTokens
        self.ignoresEnd = ignoresEnd
        self.temperature = temperature
        self.extraBody = extraBody
    }
}

/// One conversation: its turns in order, each asked when the one before has been answered and thought about.
package struct Session: Sendable, Equatable {
    package var turns: [Turn]

    package init(turns: [Turn]) { self.turns = turns }
}

/// One request.
package struct Turn: Sendable, Equatable {
    /// The body, JSON for the OpenAI endpoints.
    package var body: [UInt8]
    /// Estimated tokens of the prompt; nil: nobody knows.
    package var inputTokens: Int?
    /// `max_tokens`; nil: the server decides.
    package var outputTokens: Int?
    /// Pause after its answer before the next turn; nil: the plan's think time.
    package var pause: Nanoseconds?

    package init(body: [UInt8], inputTokens: Int? = nil, outputTokens: Int? = nil, pause: Nanoseconds? = nil) {
        self.body = body
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.pause = pause
    }
}
