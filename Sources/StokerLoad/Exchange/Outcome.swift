import StokerNet

/// How one request ended. A 200 is not success: a stream that breaks, says an error or no token at all has failed.
package enum Outcome: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
    case ok
    /// Due while the cap was reached and the plan said to drop; never sent.
    case dropped
    /// Cut by the run's own end. Its age so far is a lower bound, and it is neither good nor bad.
    case censored

    case unknownHost = "unknown-host"
    case refused = "connection-refused"
    /// No route, no free port, no descriptor: the words are in the sample.
    case connectFailed = "connect-failed"
    case connectTimeout = "connect-timeout"
    case tls

    /// The connection was reset.
    case reset
    /// The server closed before a whole head.
    case closedEarly = "closed-early"
    /// The body ended before its framing said so.
    case truncated
    /// What came is no HTTP/1.1.
    case malformed

    /// 3xx: followed never, a load test asks one server.
    case redirect
    /// 429
    case rateLimited = "rate-limited"
    /// Other 4xx.
    case clientError = "client-error"
    /// 503
    case unavailable
    /// Other 5xx.
    case serverError = "server-error"

    /// Neither JSON nor an event stream, such as a proxy's HTML page with status 200.
    case wrongContentType = "wrong-content-type"
    /// An error object inside a 200.
    case streamError = "error-in-stream"
    /// A stream that ends regularly and said no token.
    case noToken = "no-token"
    /// A stream whose framing is whole and which ends without `[DONE]` or a finish reason.
    case unfinished
    /// One event beyond 16 MiB.
    case eventTooLarge = "event-too-large"

    case firstTokenTimeout = "first-token-timeout"
    case idleTimeout = "idle-timeout"
    case totalTimeout = "total-timeout"

    /// The stamps contradict each other: a bug in this generator, and reason enough to distrust the run.
    case measurementError = "measurement-error"

    /// Counted as bad in goodput and error rate.
    package var isBad: Bool { self != .ok && self != .censored }
}

extension Outcome {
    /// What a broken connection counts as.
    init(_ failure: TransferFailure) {
        self =
            switch failure.kind {
            case .reset: .reset
            case .timedOut: .idleTimeout
            case .tls: .tls
            }
    }
}
