// The values of the gateway's labels, as enums, so that all series exist, at zero, from the first scrape.

/// Why a request was refused without asking a backend.
enum ShedReason: String, CaseIterable {
    case noBackend = "no_backend"
}

/// Why a failed attempt was not retried.
enum RetryDenial: String, CaseIterable {
    /// No other backend was there to ask.
    case noBackend = "no_backend"
    /// The client has a part of this answer already.
    case streamStarted = "stream_started"
}

/// How far an answer had come when its client left.
enum DisconnectPhase: String, CaseIterable {
    case beforeFirstToken = "before_first_token"
    case streaming
    /// It took nothing for so long that it was cut off.
    case slowReader = "slow_reader"
}

/// Where in an answer a gap was.
enum StallPhase: String, CaseIterable {
    case beforeFirstToken = "before_first_token"
    case streaming
}
