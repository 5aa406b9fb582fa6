/// The words of one answer, known in advance: how many they are and why they end.
package struct SimulatedAnswer: Sequence, IteratorProtocol {
    /// OpenAI's `finish_reason`.
    package enum Finish: String, Sendable, CaseIterable {
        /// The answer is complete, or a stop text came.
        case stop
        /// `max_tokens` cut it.
        case length
    }

    /// What decides where an answer ends.
    package struct Bounds: Sendable, Equatable {
        /// Words of a complete answer, counted from its beginning, also when it is asked for in parts.
        package var length: Int
        /// Most words of this part; nil is no bound.
        package var maxTokens: Int?
        /// Go on after `length` up to `maxTokens` (vLLM's `ignore_eos`).
        package var ignoresEnd: Bool
        /// Texts that end the answer before them.
        package var stops: [String]

        package init(length: Int, maxTokens: Int? = nil, ignoresEnd: Bool = false, stops: [String] = []) {
            self.length = length
            self.maxTokens = maxTokens
            self.ignoresEnd = ignoresEnd
            self.stops = stops
        }
    }

    /// How many words come, the last perhaps shortened by a stop text.
    package let count: Int
    package let finish: Finish
    private var voice: Voice
    private var said = 0
    /// What the last word is shortened to, when a stop text cuts it.
    private let shortened: String?

    /// - Parameters:
    ///   - context: What the answer depends on and does not continue: the messages of a chat.
    ///   - text: What it continues: a prompt, or the beginning of an answer.
    package init(context: String, text: String, bounds: Bounds) {
        voice = Voice(context: context, text: text)
        let left = bounds.ignoresEnd ? Int.max : Swift.max(0, bounds.length - voice.spoken)
        let most = bounds.maxTokens ?? (bounds.ignoresEnd ? bounds.length : Int.max)
        let whole = Swift.min(left, most)
        if let cut = Self.cut(voice, count: whole, at: bounds.stops.filter { !$0.isEmpty }) {
            (count, shortened, finish) = (cut.count, cut.last, .stop)
        } else {
            (count, shortened, finish) = (whole, nil, most <= left ? .length : .stop)
        }
    }

    package mutating func next() -> String? {
        guard said < count else { return nil }
        said += 1
        let word = voice.next()
        return said == count ? shortened ?? word : word
    }

    /// Where the first stop text cuts: after how many words, and what is left of the last one.
    private static func cut(_ voice: Voice, count: Int, at stops: [String]) -> (count: Int, last: String)? {
        guard let longest = stops.map(\.count).max() else { return nil }
        var voice = voice
        // Enough of the text to hold a stop text that spans words.
        var tail = ""
        for number in stride(from: 1, through: count, by: 1) {
            let word = voice.next()
            let text = tail + word
            if let start = stops.compactMap({ text.firstOccurrence(of: $0) }).min() {
                // A stop that began in an earlier word: that word is out already, as it is with a real engine.
                return (number, String(text[..<start].dropFirst(tail.count)))
            }
            tail = String(text.suffix(longest))
        }
        return nil
    }
}

extension String {
    /// Where `part` first begins.
    fileprivate func firstOccurrence(of part: String) -> Index? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start }
            start = index(after: start)
        }
        return nil
    }
}
