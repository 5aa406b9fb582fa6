import StokerCore
import StokerWire

// The values of the gateway's labels, as enums, so that all series exist, at zero, from the first scrape.

/// Why a request was refused without asking a backend.
package enum ShedReason: String, Sendable, CaseIterable {
    case noBackend = "no_backend"
    case queueFull = "queue_full"
    case clientShare = "client_share"
    case expectedWait = "expected_wait"
    case queueTimeout = "queue_timeout"
}

extension ShedReason {
    init(_ refusal: AdmissionRefusal) {
        self =
            switch refusal {
            case .queueFull: .queueFull
            case .clientShare: .clientShare
            case .expectedWait: .expectedWait
            case .timeout: .queueTimeout
            }
    }
}

/// Why a failed attempt was not retried.
package enum RetryDenial: String, Sendable, CaseIterable {
    /// No other backend was there to ask.
    case noBackend = "no_backend"
    /// Too many answers were errors: what the retry budget is there for.
    case budget
    /// The client has a part of this answer already.
    case streamStarted = "stream_started"
}

/// How far an answer had come when its client left.
package enum DisconnectPhase: String, Sendable, CaseIterable {
    /// It waited for a backend with room.
    case queued
    case beforeFirstToken = "before_first_token"
    case streaming
    /// It took nothing for so long that it was cut off.
    case slowReader = "slow_reader"
}

/// Where in an answer a gap was.
package enum StallPhase: String, Sendable, CaseIterable {
    case beforeFirstToken = "before_first_token"
    case streaming
}

/// Why a stream whose backend failed could not be continued on another one.
package enum UnsavedReason: String, Sendable, CaseIterable {
    /// Tools, JSON schema, logprobs, several choices, an open reasoning block: more than plain text.
    case notPlainText = "not_plain_text"
    /// The engines of this model know no way to go on with a begun answer.
    case noDialect = "no_dialect"
    /// The client asked for it by header.
    case optedOut = "opted_out"
    /// It had as many seams as the config allows.
    case seamLimit = "seam_limit"
    /// The text so far is longer than what is kept of it.
    case tooLong = "too_long"
    /// No other backend was there to ask.
    case noBackend = "no_backend"
}

extension UnsavedReason {
    /// What an obstacle counts as.
    init(_ obstacle: ContinuationObstacle) {
        self =
            switch obstacle {
            case .off: .optedOut
            case .dialect, .lastMessage: .noDialect
            case .tooLong: .tooLong
            default: .notPlainText
            }
    }
}

/// Why a request was refused before anybody asked what it wanted: the names of the faults, as labels are spelled.
package enum RejectReason {
    /// Those that are known: the faults of the wire, the limits, and a request that came too slowly.
    package static let all =
        WireFault.allCases.map { label(of: "\($0)") }
        + ["body_too_large", "unknown_method", "unsupported_version", "unknown_expectation", "slow_request", "tls"]

    /// `bareLineFeed` becomes `bare_line_feed`; `encodingInHTTP10` becomes `encoding_in_http10`.
    package static func label(of fault: String) -> String {
        var label = ""
        var wasCapital = true
        for character in fault {
            let isCapital = character.isUppercase
            if isCapital, !wasCapital { label += "_" }
            label += character.lowercased()
            wasCapital = isCapital
        }
        return label
    }
}
