package import StokerCore
package import StokerWire

/// What is known of a request from its head on, and stays.
package struct RequestIdentity: Sendable, Equatable {
    /// The value of `X-Request-Id`.
    package var id: String
    package var route: Route
    /// A name of the table, else `GatewayMetrics.unknownModel`: clients must not be able to fill records with texts.
    package var model: String

    package init(id: String, route: Route, model: String) {
        self.id = id
        self.route = route
        self.model = model
    }
}

/// How a request ended, in the words of whoever ended it.
package struct RequestEnd: Sendable, Equatable {
    package var outcome: RequestOutcome
    /// The status that the client got; 499 when it left.
    package var code: Int
    /// The last that was asked.
    package var backend: String?
    /// Whether the answer was a stream of events.
    package var isStream: Bool
    /// The engine's own count, of the whole answer.
    package var usage: TokenUsage?
    /// `finish_reason` as the engine said.
    package var finishReason: String?
    /// The `error.code` that the gateway gave.
    package var errorCode: String?

    package init(
        _ outcome: RequestOutcome, code: Int, backend: String? = nil, isStream: Bool = false, usage: TokenUsage? = nil,
        finishReason: String? = nil, errorCode: String? = nil
    ) {
        self.outcome = outcome
        self.code = code
        self.backend = backend
        self.isStream = isStream
        self.usage = usage
        self.finishReason = finishReason
        self.errorCode = errorCode
    }
}

extension RequestMeter {
    /// The finished request as it is kept and counted.
    ///
    /// - Parameters:
    ///   - now: when its last byte went out.
    ///   - wall: the same instant by the wall clock.
    package func record(
        _ identity: RequestIdentity, _ end: RequestEnd, at now: Duration, wall: Timestamp
    ) -> FinishedRequest {
        let tokens = end.usage?.output ?? events
        var record = FinishedRequest(
            id: identity.id, startedAt: start(now, wall), route: identity.route.rawValue, model: identity.model,
            backend: end.backend, attempts: attempts, seams: seams, code: end.code, outcome: end.outcome,
            stream: end.isStream, durationSeconds: (now - startedAt).inSeconds, outputTokens: tokens,
            tokensReported: end.usage != nil, finishReason: end.finishReason, errorCode: end.errorCode)
        record.queueSeconds = queued?.inSeconds
        record.inputTokens = end.usage?.input
        record.cachedInputTokens = end.usage?.cachedInput
        guard end.isStream else { return record }
        record.ttftSeconds = timeToFirstToken?.inSeconds
        record.itlMeanSeconds = meanGap?.inSeconds
        record.itlMaxSeconds = events > 1 ? longestGap.inSeconds : nil
        record.tpotSeconds = timePerOutputToken(tokens: tokens, at: now)?.inSeconds
        return record
    }

    /// The request as it stands; asked for only when somebody looks.
    package func live(
        _ identity: RequestIdentity, backend: String?, isCommitted: Bool, at now: Duration, wall: Timestamp
    ) -> LiveRequest {
        let phase: LiveRequest.Phase = isCommitted ? .streaming : attempts > 0 ? .waiting : .queued
        return LiveRequest(
            id: identity.id, startedAt: start(now, wall), route: identity.route.rawValue, model: identity.model,
            backend: backend, attempts: attempts, seams: seams, phase: phase, ageSeconds: (now - startedAt).inSeconds,
            ttftSeconds: timeToFirstToken?.inSeconds,
            silentSeconds: events > 0 ? (now - lastEventAt).inSeconds : nil, outputTokens: events)
    }

    /// The start by the wall clock, counted back from now: one look at that clock a request.
    private func start(_ now: Duration, _ wall: Timestamp) -> Timestamp {
        Timestamp(milliseconds: wall.milliseconds - (now - startedAt).milliseconds)
    }
}
