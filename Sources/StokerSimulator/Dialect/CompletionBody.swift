/// The body of all calls that want an answer; what the simulator does not know, it ignores, as engines do.
struct CompletionBody: Decodable {
    struct StreamOptions: Decodable {
        let includeUsage: Bool?

        private enum CodingKeys: String, CodingKey {
            case includeUsage = "include_usage"
        }
    }

    struct Message: Decodable {
        let role: String
        let content: Content?
    }

    /// Ollama's.
    struct Options: Decodable {
        let numPredict: Int?
        let stop: OneOrMore?

        private enum CodingKeys: String, CodingKey {
            case numPredict = "num_predict"
            case stop
        }
    }

    let model: String?
    let messages: [Message]?
    let prompt: OneOrMore?
    let stream: Bool?
    let streamOptions: StreamOptions?
    private let maxTokens: Int?
    private let maxCompletionTokens: Int?
    private let nPredict: Int?
    let n: Int?
    private let stop: OneOrMore?
    let ignoreEos: Bool?
    let continueFinalMessage: Bool?
    let addGenerationPrompt: Bool?
    private let options: Options?

    private enum CodingKeys: String, CodingKey {
        case model, messages, prompt, stream, n, stop, options
        case streamOptions = "stream_options"
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case nPredict = "n_predict"
        case ignoreEos = "ignore_eos"
        case continueFinalMessage = "continue_final_message"
        case addGenerationPrompt = "add_generation_prompt"
    }

    /// The most tokens under any of its names; llama.cpp's and Ollama's -1 is no bound.
    var most: Int? {
        if let openAI = maxCompletionTokens ?? maxTokens { return openAI }
        return (nPredict ?? options?.numPredict).flatMap { $0 < 0 ? nil : $0 }
    }

    var stops: [String] { stop?.texts ?? options?.stop?.texts ?? [] }
}

/// A string, or an array of strings.
struct OneOrMore: Decodable {
    let texts: [String]

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            texts = [text]
        } else {
            texts = try value.decode([String].self)
        }
    }
}

/// The content of a message: a string, or parts of which the text ones count.
struct Content: Decodable {
    private struct Part: Decodable {
        let text: String?
    }

    let text: String

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self.text = text
        } else {
            text = try value.decode([Part].self).compactMap(\.text).joined(separator: "\n")
        }
    }
}
