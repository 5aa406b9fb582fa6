import StokerCore
import StokerWire

/// An answer that the gateway gives by itself, in the shape that OpenAI's clients understand.
package struct GatewayError: Sendable, Equatable {
    package var status: Int
    /// `error.type`
    package var kind: String
    /// `error.code`, the stable name that a program may look at.
    package var code: String
    package var message: String
    package var param: String?
    /// Seconds; sent as `Retry-After`.
    package var retryAfter: Int?
    /// `Allow`, for a 405.
    package var allow: String?

    private static func invalid(
        _ status: Int, _ code: String, _ message: String, param: String? = nil, allow: String? = nil
    ) -> GatewayError {
        GatewayError(
            status: status, kind: "invalid_request_error", code: code, message: message, param: param, allow: allow)
    }

    /// `{"error":{"message","type","param","code"}}`
    package var json: String {
        let param = param.map(JSONText.encode) ?? "null"
        return "{\"error\":{\"message\":\(JSONText.encode(message)),\"type\":\(JSONText.encode(kind)),"
            + "\"param\":\(param),\"code\":\(JSONText.encode(code))}}"
    }

    /// The answer to a request that breaks HTTP's rules or a limit.
    static func refused(_ fault: RequestFault, limits: ClientLimits) -> GatewayError {
        switch fault {
        case .malformed(let wire): invalid(400, "malformed_request", "The request is refused: \(wire.rawValue).")
        case .headTooLarge:
            invalid(
                431, "head_too_large",
                "The request head is over \(limits.maxHead) bytes or \(FieldBlock.maxFields) header lines.")
        case .bodyTooLarge: invalid(413, "body_too_large", "The request body is over \(limits.maxBody) bytes.")
        case .unknownMethod: invalid(501, "unknown_method", "The request method is not known here.")
        case .unsupportedVersion: invalid(505, "unsupported_version", "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
        case .unknownExpectation: invalid(417, "unknown_expectation", "Only 'Expect: 100-continue' is understood.")
        }
    }

    /// The answer to a body that cannot be routed.
    static func refused(_ fault: RequestEnvelope.Fault) -> GatewayError {
        switch fault {
        case .notJSON(let place): invalid(400, "invalid_json", "The body is not valid JSON, at byte \(place).")
        case .notUTF8: invalid(400, "invalid_json", "The body is not valid UTF-8.")
        case .notAnObject: invalid(400, "invalid_json", "The body must be a JSON object.")
        case .tooDeep: invalid(400, "invalid_json", "The body is nested deeper than \(JSONScanner.maxDepth) levels.")
        case .modelMissing: invalid(400, "missing_model", "The body has no 'model'.", param: "model")
        case .modelNotText: invalid(400, "invalid_model", "'model' must be a non-empty string.", param: "model")
        case .doubledKey(let key): invalid(400, "doubled_key", "The body has '\(key)' more than once.", param: key)
        }
    }

    static func unknownPath(_ path: String) -> GatewayError {
        invalid(404, "unknown_path", "There is nothing at \(path); the API is under /v1/.")
    }

    static func unknownModel(_ model: String, known: [String]) -> GatewayError {
        let names = known.isEmpty ? "none is configured" : "available: \(known.joined(separator: ", "))"
        return invalid(404, "model_not_found", "The model '\(model)' does not exist; \(names).", param: "model")
    }

    static func methodNotAllowed(_ allow: String) -> GatewayError {
        invalid(405, "method_not_allowed", "This path answers \(allow) only.", allow: allow)
    }

    static let unsupportedMedia = invalid(
        415, "unsupported_media_type", "The body must be plain JSON: no multipart and no Content-Encoding.")
    static let slowRequest = invalid(408, "request_timeout", "The request did not arrive in time.")

    /// - Parameter why: one clause per backend.
    static func noBackend(_ model: String, why: String, retryAfter: Int = 1) -> GatewayError {
        GatewayError(
            status: 503, kind: "service_unavailable", code: "no_backend",
            message: "No backend of '\(model)' is available: \(why).", retryAfter: retryAfter)
    }

    /// All backends are full. 503 and not 429, which would tell the client that it alone has asked too much.
    static func overloaded(_ model: String, _ reason: AdmissionRefusal, retryAfter: Int) -> GatewayError {
        let why =
            switch reason {
            case .queueFull: "as many requests wait as may"
            case .clientShare: "this client has its share of the requests that wait"
            case .expectedWait: "the request's turn would come too late"
            case .timeout: "the request has waited as long as it may"
            }
        return GatewayError(
            status: 503, kind: "service_unavailable", code: "overloaded",
            message: "All backends of '\(model)' are busy, and \(why).", retryAfter: retryAfter)
    }

    static func badGateway(_ backend: String, why: String) -> GatewayError {
        GatewayError(
            status: 502, kind: "bad_gateway", code: "backend_failed", message: "The backend \(backend) failed: \(why).")
    }

    static func timeout(_ backend: String, why: String) -> GatewayError {
        GatewayError(
            status: 504, kind: "timeout", code: "backend_timeout", message: "The backend \(backend) failed: \(why).")
    }
}
