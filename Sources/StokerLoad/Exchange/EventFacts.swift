package import StokerWire

/// What a load test wants to know of one event, found in one pass over its bytes: nothing is parsed or built.
package struct EventFacts: Sendable, Equatable {
    /// What the event carries.
    package enum Kind: Sendable, Equatable {
        /// A piece of the answer: text or tool arguments.
        case output
        /// A piece of reasoning (`reasoning_content`, DeepSeek; `reasoning`, others).
        case reasoning
        /// `[DONE]`
        case done
        /// An error object. Engines send it inside a 200, because the status line is long gone.
        case error
        /// A role, a finish reason, usage: no token.
        case other
    }

    package var kind: Kind
    /// Whether it says why the answer ends.
    package var hasFinish = false
    package var usage: TokenUsage?

    package init(kind: Kind, hasFinish: Bool = false, usage: TokenUsage? = nil) {
        self.kind = kind
        self.hasFinish = hasFinish
        self.usage = usage
    }

    /// Reads the data of one event.
    package init(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        var place = 0
        self.init(bytes, range, textAt: &place)
    }

    /// Reads the data of one event of a stream.
    ///
    /// - Parameter place: where the key of its text stood in the event before, 0: nowhere. An engine writes the same
    ///   thing before it each time, so where the key is found there again, reading begins with it.
    package init(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, textAt place: inout Int) {
        kind = .other
        if range.count >= 6, bytes.equals("[DONE]", in: range.lowerBound..<range.lowerBound &+ 6) {
            kind = .done
            return
        }
        let start = range.lowerBound &+ place
        var keys = JSONKeys((Self.isTextKey(at: start, bytes, range) ? start : range.lowerBound)..<range.upperBound)
        var isError = false
        while let key = keys.next(bytes) {
            let before = kind
            take(key, bytes, &isError)
            if kind == .output, before != .output { place = key.name.lowerBound &- 1 &- range.lowerBound }
        }
        if kind == .other, isError { kind = .error }
    }

    private static func isTextKey(at start: Int, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard start > range.lowerBound, start &+ 10 < range.upperBound else { return false }
        return bytes.equals("\"content\":", in: start..<start &+ 10)
            || bytes.equals("\"text\":", in: start..<start &+ 7)
    }

    /// Whether a whole answer in JSON is an error object after all.
    package static func isError(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        var keys = JSONKeys(range)
        var isError = false
        var facts = EventFacts(kind: .other)
        while !isError, let key = keys.next(bytes) { facts.take(key, bytes, &isError) }
        return isError
    }

    /// The length of a key tells most apart, so that few are compared.
    private mutating func take(_ key: JSONKeys.Key, _ bytes: borrowing Span<UInt8>, _ isError: inout Bool) {
        func named(_ name: StaticString) -> Bool { bytes.equals(name, in: key.name) }
        switch key.name.count {
        case 4 where named("text"), 7 where named("content"), 9 where named("arguments"):
            if key.holdsText(bytes) { kind = .output }
        case 9 where named("reasoning"), 17 where named("reasoning_content"):
            if key.holdsText(bytes), kind == .other { kind = .reasoning }
        case 13 where named("finish_reason"):
            if bytes[key.value] == ASCII.quote { hasFinish = true }
        case 13 where named("prompt_tokens"):
            usage = TokenUsage(input: key.number(bytes) ?? 0, output: usage?.output ?? 0)
        case 17 where named("completion_tokens"):
            usage = TokenUsage(input: usage?.input ?? 0, output: key.number(bytes) ?? 0)
        // `{"error": {…}}` (OpenAI, vLLM, SGLang) or `{"error": "…"}` (Ollama).
        case 5 where named("error"):
            isError = isError || bytes[key.value] == ASCII.braceOpen || bytes[key.value] == ASCII.quote
        // vLLM's older `{"object": "error", …}`.
        case 6 where named("object"):
            let end = key.value &+ 7
            if end <= bytes.count, bytes.equals("\"error\"", in: key.value..<end) { isError = true }
        default: break
        }
    }
}
