/// Why a request is not answered, in vLLM's form.
struct Refusal: Error, Equatable {
    /// The HTTP status that it is sent with.
    enum Status: Int {
        case badRequest = 400
        case notFound = 404
        case tooLarge = 413
        case unavailable = 503
    }

    var status: Status
    var message: String

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    static func unknownModel(_ name: String) -> Refusal {
        Refusal(.notFound, "The model `\(name)` does not exist.")
    }

    /// vLLM names its errors after the exceptions of the `openai` client.
    private var type: String {
        switch status {
        case .badRequest, .tooLarge: "BadRequestError"
        case .notFound: "NotFoundError"
        case .unavailable: "ServiceUnavailableError"
        }
    }

    var json: String {
        let fields = #""type":"\#(type)","param":null,"code":\#(status.rawValue)"#
        return #"{"error":{"message":\#(JSONText.quoted(message)),\#(fields)}}"#
    }
}
