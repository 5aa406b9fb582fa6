import Foundation

/// Which of the two OpenAI calls a request is.
enum CompletionKind: Equatable {
    case chat, text
}

/// A checked request for an answer.
struct AskedAnswer {
    let kind: CompletionKind
    let model: String
    let isStreamed: Bool
    /// Stream a last chunk with the counts.
    let includesUsage: Bool
    let promptTokens: Int
    let answer: SimulatedAnswer

    init(_ kind: CompletionKind, json: Data, options: SimulatorOptions) throws(Refusal) {
        let body: CompletionBody
        do {
            body = try JSONDecoder().decode(CompletionBody.self, from: json)
        } catch {
            throw Refusal(.badRequest, Self.explain(error))
        }
        try body.check(options)
        self.kind = kind
        model = options.model
        isStreamed = body.stream ?? false
        includesUsage = body.streamOptions?.includeUsage ?? false
        let prompt = try kind == .chat ? body.chatPrompt() : body.textPrompt()
        promptTokens = Self.words(of: prompt.context) + Self.words(of: prompt.text)
        answer = SimulatedAnswer(
            context: prompt.context, text: prompt.text,
            bounds: SimulatedAnswer.Bounds(
                length: options.tokens, maxTokens: body.maxCompletionTokens ?? body.maxTokens,
                ignoresEnd: body.ignoreEos ?? false, stops: body.stop?.texts ?? []))
    }

    /// The simulator's tokens are words.
    private static func words(of text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }

    private static func explain(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue): Field required"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "the body is not a JSON object"
                : "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        default: "the body is not a JSON object"
        }
    }
}

/// The body of both calls; what the simulator does not know, it ignores, as engines do.
private struct CompletionBody: Decodable {
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

    let model: String?
    let messages: [Message]?
    let prompt: OneOrMore?
    let stream: Bool?
    let streamOptions: StreamOptions?
    let maxTokens: Int?
    let maxCompletionTokens: Int?
    let n: Int?
    let stop: OneOrMore?
    let ignoreEos: Bool?
    let continueFinalMessage: Bool?
    let addGenerationPrompt: Bool?

    private enum CodingKeys: String, CodingKey {
        case model, messages, prompt, stream, n, stop
        case streamOptions = "stream_options"
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case ignoreEos = "ignore_eos"
        case continueFinalMessage = "continue_final_message"
        case addGenerationPrompt = "add_generation_prompt"
    }

    func check(_ options: SimulatorOptions) throws(Refusal) {
        if let model, model != options.model { throw .unknownModel(model) }
        if n ?? 1 != 1 { throw Refusal(.badRequest, "the simulator gives one answer: n must be 1") }
        let most = maxCompletionTokens ?? maxTokens ?? 1
        guard (1...SimulatorOptions.maxTokens).contains(most) else {
            throw Refusal(.badRequest, "max_tokens must be from 1 to \(SimulatorOptions.maxTokens), got \(most).")
        }
    }

    /// The answer depends on all messages; when the last one is the assistant's, it is the beginning of the answer.
    func chatPrompt() throws(Refusal) -> (context: String, text: String) {
        guard let messages, let last = messages.last else { throw Refusal(.badRequest, "messages: Field required") }
        let isContinued = last.role == "assistant"
        if continueFinalMessage == true {
            // vLLM's words; add_generation_prompt is true unless the request says otherwise.
            guard addGenerationPrompt == false else {
                let text = "Cannot set both `continue_final_message` and `add_generation_prompt` to True."
                throw Refusal(.badRequest, text)
            }
            guard isContinued else { throw Refusal(.badRequest, "The final message is not an assistant's.") }
        }
        let context = messages.dropLast(isContinued ? 1 : 0).map { "<|\($0.role)|>\($0.content?.text ?? "")\n" }
        return (context.joined(), isContinued ? last.content?.text ?? "" : "")
    }

    func textPrompt() throws(Refusal) -> (context: String, text: String) {
        guard let prompt else { throw Refusal(.badRequest, "prompt: Field required") }
        guard prompt.texts.count == 1, let text = prompt.texts.first else {
            throw Refusal(.badRequest, "the simulator takes one prompt a request")
        }
        return ("", text)
    }
}

/// A string, or an array of strings.
private struct OneOrMore: Decodable {
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
private struct Content: Decodable {
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
