import CCurl
import Glibc
import StokerCore

/// How curl's codes read to people and to thresholds: pure, no handle is touched here.
extension ProbeResult {
    init(_ outcome: TransferOutcome, purpose: Transfer.Purpose, isTLS: Bool) {
        let timings = outcome.timings
        self.init(
            failure: Self.failure(outcome, purpose: purpose, isTLS: isTLS), total: timings.total,
            nameLookup: timings.nameLookup, connect: timings.connect, tls: timings.tls, firstByte: timings.firstByte)
    }

    private static func failure(_ outcome: TransferOutcome, purpose: Transfer.Purpose, isTLS: Bool) -> Failure? {
        // A probe stops reading an endless body by itself; the status has said all it wants to know.
        let isCutByUs = purpose == .probe && outcome.stop == .tooLarge && outcome.status > 0
        if outcome.code == CURLE_OK || isCutByUs {
            return purpose == .connect || (200..<300).contains(outcome.status) ? nil : .status(outcome.status)
        }
        switch outcome.reading {
        case .timeout: return .timeout(phase: outcome.timings.phase(ofTLS: isTLS))
        case .connect: return .connect(outcome.sentence)
        case .invalid, .closed, .tooLarge, .cancelled, .other: return .other(outcome.sentence)
        }
    }
}

extension ClientError {
    /// nil when there is an answer.
    init?(_ outcome: TransferOutcome, isTLS: Bool) {
        guard outcome.code != CURLE_OK else { return nil }
        let kind = outcome.reading
        var message = outcome.sentence
        if kind == .timeout {
            message =
                "no answer after \(outcome.timings.total.milliseconds) ms (\(outcome.timings.phase(ofTLS: isTLS)))"
        }
        self.init(kind, message, systemError: outcome.systemError == 0 ? nil : outcome.systemError)
    }
}

extension TransferOutcome {
    /// What curl's code means to us.
    var reading: ClientError.Kind {
        switch stop {
        case .cancelled: return .cancelled
        case .tooLarge: return .tooLarge
        case nil: break
        }
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return .timeout
        // The latter is also curl's word for an answer that is no HTTP/1: then there was a connection.
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return timings.connect == nil ? .invalid : .other
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION:
            return .connect
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE: return .closed
        default: return .other
        }
    }

    /// One line for people: the system's word where a connect failed, else curl's.
    var sentence: String {
        switch reading {
        case .cancelled: return "cancelled"
        case .tooLarge: return "the answer is larger than allowed"
        case .connect where code == CURLE_COULDNT_CONNECT && systemError != 0:
            return String(cString: strerror(systemError))
        case .closed where code == CURLE_GOT_NOTHING:
            return "the connection was closed without an answer"
        default: return detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        }
    }
}
