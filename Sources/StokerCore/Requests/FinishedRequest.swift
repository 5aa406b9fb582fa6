/// One finished request of a client: where it went, what it cost, how it ended. Never what it said.
///
/// In JSON, optional fields that are nil are left out; times are milliseconds since 1970, durations are seconds.
package struct FinishedRequest: Sendable, Equatable, Codable {
    /// Given by whoever keeps records, ascending; 0 before that. Begins anew with each gateway.
    package var sequence: Int64
    /// The value of `X-Request-Id`.
    package var id: String
    package var startedAt: Timestamp
    /// `chat`, `completions`, `embeddings` …
    package var route: String
    /// The name that the client used; `_other` for a model that the config does not know.
    package var model: String
    /// The last that was asked; nil when none was.
    package var backend: String?
    /// How often a backend was asked, 0 when none was.
    package var attempts: Int
    /// How often the answer was continued on another backend after the client had a part of it.
    package var seams: Int
    /// The HTTP status that the client got; 499 when it left.
    package var code: Int
    package var outcome: RequestOutcome
    /// Whether the answer was a stream of events.
    package var stream: Bool
    /// From the first byte in to the first attempt; nil when there was none.
    package var queueSeconds: Double?
    /// Time to first token, streams only: from the request's first byte in to the answer's first event.
    package var ttftSeconds: Double?
    /// From the first byte in to the last byte out.
    package var durationSeconds: Double
    /// Mean of the gaps between events.
    package var itlMeanSeconds: Double?
    /// The longest gap between events: a stall shows here, in the mean it would drown.
    package var itlMaxSeconds: Double?
    /// (end to end - TTFT) / (tokens - 1), streams of more than one token only.
    package var tpotSeconds: Double?
    /// As the engine counted them; nil when it did not say.
    package var inputTokens: Int?
    /// The part of them that came from the engine's prefix cache; nil when it did not say.
    package var cachedInputTokens: Int?
    package var outputTokens: Int
    /// Whether the engine said how many tokens it wrote; else events stand for tokens.
    package var tokensReported: Bool
    /// `stop`, `length` … as the engine said.
    package var finishReason: String?
    /// The `error.code` that the gateway gave.
    package var errorCode: String?

    /// A request that ended with `outcome`; what it cost is filled in by whoever measured it.
    ///
    /// Texts are cut at 128 bytes: some come from clients and engines, and thousands of records are kept.
    package init(
        id: String, startedAt: Timestamp, route: String, model: String, backend: String? = nil, attempts: Int = 0,
        seams: Int = 0, code: Int, outcome: RequestOutcome, stream: Bool = false, durationSeconds: Double,
        outputTokens: Int = 0, tokensReported: Bool = false, finishReason: String? = nil, errorCode: String? = nil
    ) {
        sequence = 0
        self.id = Self.bounded(id)
        self.startedAt = startedAt
        self.route = Self.bounded(route)
        self.model = Self.bounded(model)
        self.backend = backend.map(Self.bounded)
        self.attempts = attempts
        self.seams = seams
        self.code = code
        self.outcome = outcome
        self.stream = stream
        self.durationSeconds = durationSeconds
        self.outputTokens = outputTokens
        self.tokensReported = tokensReported
        self.finishReason = finishReason.map(Self.bounded)
        self.errorCode = errorCode.map(Self.bounded)
    }

    /// When the last byte went out.
    package var endedAt: Timestamp {
        let duration = Int64(exactly: (durationSeconds * 1000).rounded()) ?? 0
        return Timestamp(milliseconds: startedAt.milliseconds + duration)
    }

    /// Most bytes of each text.
    package static let longestText = 128

    /// The text, cut between two characters when it is too long.
    static func bounded(_ text: String) -> String {
        let bytes = text.utf8
        guard bytes.count > longestText else { return text }
        var end = bytes.index(bytes.startIndex, offsetBy: longestText)
        // 10xxxxxx goes on with a scalar; to cut before it would leave half of one.
        while bytes[end] & 0b1100_0000 == 0b1000_0000 { end = bytes.index(before: end) }
        return String(text[..<end])
    }
}

/// How a request ended.
package enum RequestOutcome: String, Sendable, Codable, CaseIterable {
    /// The client has a backend's whole answer.
    case ok
    /// The client has a backend's whole answer, and that is an error of its own: 4xx or 5xx.
    case backendError = "backend_error"
    /// The gateway said no and asked no backend.
    case refused
    /// Every attempt failed before the client had a byte; it has an error of the gateway.
    case failed
    /// The client has a part of the answer, and nobody could give the rest.
    case brokenOff = "broken_off"
    /// The client left.
    case clientGone = "client_gone"
    /// The client took nothing for so long that it was cut off.
    case slowReader = "slow_reader"

    /// Whether somebody did not get what they asked for; a client that leaves has decided so itself.
    package var isFailure: Bool { self != .ok && self != .clientGone }
}
