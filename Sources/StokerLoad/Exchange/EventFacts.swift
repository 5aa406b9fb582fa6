package import StokerWire

/// What a load test wants to know of one event, found by its bytes: no JSON is parsed.
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
        if range.count >= 6, bytes.equals("[DONE]", in: range.lowerBound..<range.lowerBound &+ 6) {
            self.init(kind: .done)
            return
        }
        let finish = JSONKeySearch.value(of: "\"finish_reason\"", in: bytes, range)
        self.init(
            kind: Self.kind(bytes, range), hasFinish: finish.map { bytes[$0] == ASCII.quote } ?? false,
            usage: TokenUsage.find(in: bytes, range))
    }

    private static func kind(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Kind {
        // Most events by far: the first search decides.
        if hasText("\"content\"", bytes, range) || hasText("\"text\"", bytes, range) { return .output }
        if hasText("\"reasoning_content\"", bytes, range) || hasText("\"reasoning\"", bytes, range) {
            return .reasoning
        }
        if hasText("\"arguments\"", bytes, range) { return .output }
        return isError(bytes, range) ? .error : .other
    }

    private static func hasText(_ key: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard let value = JSONKeySearch.value(of: key, in: bytes, range) else { return false }
        return JSONKeySearch.isText(at: value, in: bytes, to: range.upperBound)
    }

    /// `{"error": {…}}` (OpenAI, vLLM, SGLang), `{"error": "…"}` (Ollama) or vLLM's older `{"object": "error", …}`.
    static func isError(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        if let value = JSONKeySearch.value(of: "\"error\"", in: bytes, range) {
            return bytes[value] == ASCII.braceOpen || bytes[value] == ASCII.quote
        }
        guard let value = JSONKeySearch.value(of: "\"object\"", in: bytes, range), value &+ 7 <= range.upperBound
        else { return false }
        return bytes.equals("\"error\"", in: value..<value &+ 7)
    }
}
