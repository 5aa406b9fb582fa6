import FoundationEssentials

/// A checked request for an answer.
struct AskedAnswer {
    let kind: AnswerKind
    let isStreamed: Bool
    /// Say the counts: in the whole answer, or in a last event of the stream.
    let includesUsage: Bool
    /// The prompt's words, for the prefix cache.
    let prompt: String
    let promptTokens: Int
    let script: AnswerScript

    /// What the draws of its times depend on.
    var promptHash: UInt64 {
        var hash = TextHash()
        hash.fold(prompt)
        return hash.mixed
    }

    /// - Parameter salt: Makes the answer another one than the prompt's: a replica that disagrees.
    init(_ kind: AnswerKind, json: Data, options: SimulatorOptions, salt: String = "") throws(Refusal) {
        let body: CompletionBody
        do {
            body = try JSONDecoder().decode(CompletionBody.self, from: json)
        } catch {
            throw Refusal(.badRequest, Self.explain(error))
        }
        try body.check(options)
        self.kind = kind
        isStreamed = body.stream ?? kind.isOllama
        includesUsage =
            switch options.usage {
            case .never: false
            case .always: true
            case .asked: !isStreamed || body.streamOptions?.includeUsage == true
            }
        let asked = try kind.isChat ? body.chatPrompt(options.dialect) : body.textPrompt()
        prompt = asked.context + asked.text
        promptTokens = Self.words(of: asked.context) + Self.words(of: asked.text)
        script = AnswerScript(
            context: salt + asked.context, text: asked.text,
            bounds: SimulatedAnswer.Bounds(
                length: options.tokens, maxTokens: body.most, ignoresEnd: body.ignoreEos ?? false, stops: body.stops),
            reasoningTokens: kind.isChat && !asked.isContinued ? options.reasoningTokens : 0)
    }

    /// The simulator's tokens are words.
    private static func words(of text: String) -> Int {
        var count = 0
        var isInWord = false
        for byte in text.utf8 {
            let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
            if !isSpace, !isInWord { count += 1 }
            isInWord = !isSpace
        }
        return count
    }

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

/// What a body asks to be said, and after what.
private struct Asked {
    var context: String
    var text: String
    var isContinued = false
}

extension CompletionBody {
    fileprivate func check(_ options: SimulatorOptions) throws(Refusal) {
        if let model, !options.dialect.serves(model, model: options.model) {
            throw .unknownModel(model, options.dialect)
        }
        if n ?? 1 != 1 { throw Refusal(.badRequest, "the simulator gives one answer: n must be 1") }
        let most = most ?? 1
        guard (1...SimulatorOptions.maxTokens).contains(most) else {
            throw Refusal(.badRequest, "max_tokens must be from 1 to \(SimulatorOptions.maxTokens), got \(most).")
        }
    }

    /// The answer depends on all messages; the last one may be its beginning, by the ways of the dialect.
    fileprivate func chatPrompt(_ dialect: SimulatorDialect) throws(Refusal) -> Asked {
        guard let messages, let last = messages.last else { throw Refusal(.badRequest, "messages: Field required") }
        let isContinued = try continues(last, dialect)
        let context = messages.dropLast(isContinued ? 1 : 0).map { "<|\($0.role)|>\($0.content?.text ?? "")\n" }
        return Asked(
            context: context.joined(), text: isContinued ? last.content?.text ?? "" : "", isContinued: isContinued)
    }

    private func continues(_ last: Message, _ dialect: SimulatorDialect) throws(Refusal) -> Bool {
        switch dialect.continuation {
        case .none: return false
        case .prefill: return last.role == "assistant"
        case .flag:
            guard continueFinalMessage == true else { return false }
            // vLLM's words; add_generation_prompt is true unless the request says otherwise.
            guard addGenerationPrompt == false else {
                let text = "Cannot set both `continue_final_message` and `add_generation_prompt` to True."
                throw Refusal(.badRequest, text)
            }
            guard last.role == "assistant" else {
                throw Refusal(.badRequest, "The final message is not an assistant's.")
            }
            return true
        }
    }

    fileprivate func textPrompt() throws(Refusal) -> Asked {
        guard let prompt else { throw Refusal(.badRequest, "prompt: Field required") }
        guard prompt.texts.count == 1, let text = prompt.texts.first else {
            throw Refusal(.badRequest, "the simulator takes one prompt a request")
        }
        return Asked(context: "", text: text)
    }
}
