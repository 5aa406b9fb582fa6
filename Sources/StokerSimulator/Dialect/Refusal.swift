import StokerWire

/// Why a request is not answered.
struct Refusal: Error, Equatable {
    /// The HTTP status that it is sent with.
    enum Status: Int {
        case badRequest = 400
        case notFound = 404
        case tooLarge = 413
        case tooMany = 429
        case failed = 500
        case unavailable = 503
    }

    var status: Int
    var message: String

    init(_ status: Status, _ message: String) {
        self.status = status.rawValue
        self.message = message
    }

    /// A status of the user's choice.
    init(status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    static func unknownModel(_ name: String, _ dialect: SimulatorDialect) -> Refusal {
        Refusal(.notFound, dialect == .ollama ? "model '\(name)' not found" : "The model `\(name)` does not exist.")
    }

    /// The waiting queue is full: in each engine's words, and 503 in all of them.
    static func queueFull(_ dialect: SimulatorDialect) -> Refusal {
        switch dialect {
        case .vllm: Refusal(.unavailable, "The engine's queue is full (max_num_queued_reqs).")
        case .sglang: Refusal(.unavailable, "The request queue is full.")
        case .llamaCpp: Refusal(.unavailable, "no slot is free and the queue is full")
        case .ollama: Refusal(.unavailable, "server busy, please try again.  maximum pending requests exceeded")
        }
    }

    static func loading(_ dialect: SimulatorDialect) -> Refusal {
        Refusal(
            .unavailable, dialect == .llamaCpp ? "Loading model" : "the simulator is still \"loading\" (--startup)")
    }

    /// The body in the form of the dialect; `native` is Ollama's own API.
    func json(_ dialect: SimulatorDialect, native: Bool = false) -> String {
        let text = JSONText.encode(message)
        switch dialect {
        case .vllm:
            return #"{"error":{"message":\#(text),"type":"\#(exception)","param":null,"code":\#(status)}}"#
        case .sglang:
            let type = exception.dropLast("Error".count)
            return #"{"object":"error","message":\#(text),"type":"\#(type)","param":null,"code":\#(status)}"#
        case .llamaCpp:
            return #"{"error":{"code":\#(status),"message":\#(text),"type":"\#(kind)"}}"#
        case .ollama where native: return #"{"error":\#(text)}"#
        case .ollama:
            return #"{"error":{"message":\#(text),"type":"\#(kind)","param":null,"code":null}}"#
        }
    }

    /// vLLM names its errors after the exceptions of the `openai` client.
    private var exception: String {
        switch status {
        case 404: "NotFoundError"
        case 429: "RateLimitError"
        case 503: "ServiceUnavailableError"
        case 500...: "InternalServerError"
        default: "BadRequestError"
        }
    }

    private var kind: String {
        switch status {
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 503: "unavailable_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }
}
