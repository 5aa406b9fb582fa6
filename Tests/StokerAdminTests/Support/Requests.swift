import StokerCore

/// The instant at which the screens of the tests are painted.
let screenTime = Timestamp(milliseconds: 1_700_000_100_000)

/// A request that ended so many seconds before that instant.
func finished(
    _ id: String = "r", endedAgo: Double = 1, took: Double = 2, ttft: Double? = nil, tokens: Int = 0,
    outcome: RequestOutcome = .ok, code: Int = 200, change: (inout FinishedRequest) -> Void = { _ in }
) -> FinishedRequest {
    let start = screenTime.milliseconds - Int64(((endedAgo + took) * 1000).rounded())
    var request = FinishedRequest(
        id: id, startedAt: Timestamp(milliseconds: start), route: "chat", model: "m", backend: "a", attempts: 1,
        code: code, outcome: outcome, stream: ttft != nil, durationSeconds: took, outputTokens: tokens)
    request.ttftSeconds = ttft
    change(&request)
    return request
}

/// A request that has been running for so many seconds.
func running(
    _ id: String = "l", age: Double = 2, ttft: Double? = nil, tokens: Int = 0, phase: LiveRequest.Phase = .streaming,
    change: (inout LiveRequest) -> Void = { _ in }
) -> LiveRequest {
    var request = LiveRequest(
        id: id, startedAt: Timestamp(milliseconds: screenTime.milliseconds - Int64(age * 1000)), route: "chat",
        model: "m", backend: "a", attempts: 1, phase: phase, ageSeconds: age, ttftSeconds: ttft,
        silentSeconds: ttft == nil ? nil : 0.02, outputTokens: tokens)
    change(&request)
    return request
}
