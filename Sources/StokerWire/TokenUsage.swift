/// The tokens that an engine says it read and wrote.
package struct TokenUsage: Sendable, Equatable {
    package var input: Int
    package var output: Int
    /// The part of `input` that came from the prefix cache; nil when the engine does not say.
    package var cachedInput: Int?

    package init(input: Int, output: Int, cachedInput: Int? = nil) {
        self.input = input
        self.output = output
        self.cachedInput = cachedInput
    }

    /// Finds the last `"usage":{…}`, as engines write it behind the answer, with its `prompt_tokens`; embeddings have
    /// no `completion_tokens`.
    package static func find(in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> TokenUsage? {
        guard let start = JSONKeySearch.lastValue(of: "\"usage\"", in: bytes, range), bytes[start] == ASCII.braceOpen
        else { return nil }
        let inside = start..<range.upperBound
        guard let input = JSONKeySearch.number(of: "\"prompt_tokens\"", in: bytes, inside) else { return nil }
        return TokenUsage(
            input: input, output: JSONKeySearch.number(of: "\"completion_tokens\"", in: bytes, inside) ?? 0,
            cachedInput: JSONKeySearch.number(of: "\"cached_tokens\"", in: bytes, inside))
    }
}
