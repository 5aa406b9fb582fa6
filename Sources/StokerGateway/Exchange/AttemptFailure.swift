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
    /// A 200 without a body.
    case emptyAnswer
    /// A 200 of another kind than was asked for, such as a proxy's HTML page.
    case wrongContent(String)
    /// An error object in a 200; its message as the engine put it.
    case errorEvent(String)
    /// A stream whose framing is whole, without `[DONE]` or a finish reason.
    case unfinished
    /// An event beyond what anybody should hold.
    case eventTooLarge
    /// 429, 500, 502, 503, 504: back-pressure, an engine's or another gateway's trouble.
    case status(Int)
    /// It would go on with a stream in a way that does not fit to what was sent.
    case unfit(String)
    /// The backend says nothing and its health path does not answer either.
    case frozen
    /// Nobody has heard anything of the backend for half of the time that the request has.
    case silent

    /// The values of the metric label `reason`.
    package enum Reason: String, Sendable, CaseIterable {
        case connect
        case connectTimeout = "timeout_connect"
        case firstTokenTimeout = "timeout_first_token"
        case idleTimeout = "timeout_idle"
        case reset
        case malformed = "protocol"
        case empty
        case wrongContent = "content_type"
        case errorEvent = "error_event"
        case unfinished
        case unfit
        case frozen
        case silent
        case tooManyRequests = "http_429"
        case serverError = "http_5xx"
    }

    /// What it counts as.
    package var reason: Reason {
        switch self {
        case .connect: .connect
        case .connectTimeout: .connectTimeout
        case .closedEarly, .truncated: .reset
        case .malformed, .eventTooLarge: .malformed
        case .emptyStream, .emptyAnswer: .empty
        case .wrongContent: .wrongContent
        case .errorEvent: .errorEvent
        case .unfinished: .unfinished
        case .unfit: .unfit
        case .frozen: .frozen
        case .silent: .silent
        case .firstTokenTimeout: .firstTokenTimeout
        case .stalled: .idleTimeout
        case .status(let code): code == 429 ? .tooManyRequests : .serverError
        }
    }

    /// Whether the backend leaves the rotation until its health path answers.
    package var condemns: Bool {
        switch self {
        case .connect, .connectTimeout, .closedEarly, .frozen: true
        default: false
        }
    }

    /// Whether the backend worked on the request and answered badly. To ask again costs engines work, so there is a
    /// `RetryBudget` for it. A connection that failed is free to be tried again, since the death of an engine must lose
    /// no request; and so is a backend that has refused the work, being full: another one may not be.
    package var isAnswer: Bool {
        switch self {
        case .status(let code): code != 429 && code != 503
        case .errorEvent, .emptyStream, .emptyAnswer, .wrongContent: true
        default: false
        }
    }

    /// Whether the answer speaks against the backend: enough of them in a row eject it. Not a connection that failed,
    /// which takes it out at once; not silence, which has its own remedy; and never 429 and 503: back-pressure.
    package var isBadAnswer: Bool {
        switch self {
        case .truncated, .malformed, .emptyStream, .emptyAnswer, .wrongContent, .errorEvent, .unfinished,
            .eventTooLarge:
            true
        case .status(let code): code != 429 && code != 503
        default: false
        }
    }

    /// Whether the same backend is worth another try when there is no other.
    var allowsSameBackend: Bool {
        switch self {
        case .stalled, .frozen, .silent, .wrongContent, .unfit: false
        default: true
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
        case .emptyAnswer: "its answer is empty"
        case .wrongContent(let type): "its answer is of the wrong kind (\(type))"
        case .errorEvent(let message): "it reported an error: \(message)"
        case .unfinished: "its stream ended without a finish reason"
        case .eventTooLarge: "it sent an event of over 64 KiB"
        case .unfit(let why): "it cannot continue the stream: \(why)"
        case .frozen: "it says nothing and its health path does not answer"
        case .silent: "it says nothing, to nobody"
        case .status(let code): "it answered \(code)"
        }
    }
}
