/// One request that is being served, as it stands at the moment of asking.
package struct LiveRequest: Sendable, Equatable, Codable {
    /// How far it has come.
    package enum Phase: String, Sendable, Codable, CaseIterable {
        /// No backend has been asked yet.
        case queued
        /// A backend works on it, and nothing has gone to the client.
        case waiting
        /// The client has a part of the answer.
        case streaming
    }

    /// The value of `X-Request-Id`.
    package var id: String
    package var startedAt: Timestamp
    /// `chat`, `completions`, `embeddings` …
    package var route: String
    package var model: String
    /// The one that works on it now.
    package var backend: String?
    package var attempts: Int
    package var seams: Int
    package var phase: Phase
    /// Since its first byte.
    package var ageSeconds: Double
    /// Time to first token; nil before that.
    package var ttftSeconds: Double?
    /// Since the last event, nil before the first: what grows here is stalling.
    package var silentSeconds: Double?
    /// Events so far: the engine's own count comes at the end.
    package var outputTokens: Int

    /// A request at one moment; texts are cut as in `FinishedRequest`.
    package init(
        id: String, startedAt: Timestamp, route: String, model: String, backend: String? = nil, attempts: Int = 0,
        seams: Int = 0, phase: Phase, ageSeconds: Double, ttftSeconds: Double? = nil, silentSeconds: Double? = nil,
        outputTokens: Int = 0
    ) {
        self.id = FinishedRequest.bounded(id)
        self.startedAt = startedAt
        self.route = FinishedRequest.bounded(route)
        self.model = FinishedRequest.bounded(model)
        self.backend = backend.map(FinishedRequest.bounded)
        self.attempts = attempts
        self.seams = seams
        self.phase = phase
        self.ageSeconds = ageSeconds
        self.ttftSeconds = ttftSeconds
        self.silentSeconds = silentSeconds
        self.outputTokens = outputTokens
    }
}
