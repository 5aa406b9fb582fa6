package import StokerWire

/// How an attempt at one backend failed.
package enum AttemptFailure: Sendable, Equatable {
    /// No connection: refused, unreachable, name unknown.
    case connect(String)
    case connectTimeout
    /// Reset or closed before a whole response head.
    case closedEarly
    /// Reset or closed within the body.
    case truncated
    case malformed(WireFault)
    /// No byte of an answer came within `first_token`.
    case firstTokenTimeout
    /// Nothing came for longer than `stall`.
    case stalled
    /// A stream ended before it began.
    case emptyStream
    /// 429, 502, 503, 504: back-pressure or another gateway's trouble.
    case status(Int)

    /// The values of the metric label `reason`.
    package enum Reason: String, Sendable, CaseIterable {
        case connect
        case connectTimeout = "timeout_connect"
        case firstTokenTimeout = "timeout_first_token"
        case idleTimeout = "timeout_idle"
        case reset
        case malformed = "protocol"
        case tooManyRequests = "http_429"
        case serverError = "http_5xx"
    }

    /// What it counts as.
    package var reason: Reason {
        switch self {
        case .connect: .connect
        case .connectTimeout: .connectTimeout
        case .closedEarly, .truncated: .reset
        case .malformed, .emptyStream: .malformed
        case .firstTokenTimeout: .firstTokenTimeout
        case .stalled: .idleTimeout
        case .status(let code): code == 429 ? .tooManyRequests : .serverError
        }
    }

    /// Whether the backend leaves the rotation until its health path answers.
    package var condemns: Bool {
        switch self {
        case .connect, .connectTimeout, .closedEarly: true
        case .truncated, .malformed, .firstTokenTimeout, .stalled, .emptyStream, .status: false
        }
    }

    /// Whether the backend may have begun to work on the request.
    package var mayHaveBegun: Bool {
        switch self {
        case .connect, .connectTimeout: false
        default: true
        }
    }

    /// What happened, to follow `the backend NAME failed: `.
    package var text: String {
        switch self {
        case .connect(let why): "no connection (\(why))"
        case .connectTimeout: "no connection in time"
        case .closedEarly: "it closed the connection without an answer"
        case .truncated: "it closed the connection in the middle of its answer"
        case .malformed(let fault): "its answer is not HTTP: \(fault.rawValue)"
        case .firstTokenTimeout: "it did not begin to answer in time"
        case .stalled: "it fell silent in the middle of its answer"
        case .emptyStream: "its stream ended before the first event"
        case .status(let code): "it answered \(code)"
        }
    }
}
