import StokerWire

/// Ends that the gateway writes itself, in the form of the stream's own chunks.
extension StreamTranscript {
    /// Why an answer ends.
    package enum Ending: String, Sendable, CaseIterable {
        /// A stop text reached over a seam.
        case stop
        /// It has all the tokens that it may have.
        case length
    }

    /// The events that the stream lacks: the reason of its end, the counts, the end mark.
    ///
    /// Counts come only if the prompt's are known, that is if an engine has given counts before: a wrong number is
    /// worse than none.
    ///
    /// - Parameter rest: a last piece of text.
    package mutating func close(_ ending: Ending, rest: String = "", includesUsage: Bool) -> [UInt8] {
        guard !isDone else { return [] }
        var out: [UInt8] = []
        if finishReason == nil {
            let bytes = Array(JSONText.encode(rest).utf8)
            if !rest.isEmpty { takeText(bytes.span, 1..<bytes.count - 1) }
            takeFinish(ending.rawValue)
            out += chunk(choices: choice(bytes, hasText: !rest.isEmpty, ending))
        }
        if includesUsage, !hasFinalUsage, let input = promptTokens {
            let output = outputTokens
            takeUsage(TokenUsage(input: input, output: output))
            let counts =
                #","usage":{"prompt_tokens":\#(input),"completion_tokens":\#(output),"total_tokens":\#(input + output)}"#
            out += chunk(choices: [], counts)
        }
        takeDone()
        return out + Array("data: [DONE]\n\n".utf8)
    }

    private func choice(_ text: [UInt8], hasText: Bool, _ ending: Ending) -> [UInt8] {
        let end = Array(#","logprobs":null,"finish_reason":"\#(ending.rawValue)"}"#.utf8)
        if route == .completions { return Array(#"{"index":0,"text":"#.utf8) + text + end }
        let delta = hasText ? Array(#""content":"#.utf8) + text : []
        return Array(#"{"index":0,"delta":{"#.utf8) + delta + Array("}".utf8) + end
    }

    private func chunk(choices: [UInt8], _ counts: String = "") -> [UInt8] {
        var out = Array("data: {".utf8)
        for (name, value) in [("id", id), ("created", created), ("model", model)] where !value.isEmpty {
            out += Array("\"\(name)\":".utf8) + value + [ASCII.comma]
        }
        out += Array(
            "\"object\":\"\(route == .chat ? "chat.completion.chunk" : "text_completion")\",\"choices\":[".utf8)
        return out + choices + Array("]\(counts)}\n\n".utf8)
    }
}
