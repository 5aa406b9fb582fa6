/// Says one word after the other, each a function of the whole text before it.
///
/// That is what a model at temperature 0 does, and it makes continuation testable: asked to go on from any point of its
/// own text, be it the middle of a word, a voice says exactly what it would have said without the break.
struct Voice {
    /// Hash of all that stands before the next word.
    private var heard = TextHash()
    /// Nothing stands before the next word: it begins without a space.
    private var isFirst: Bool
    /// The end of a word that the text breaks off in.
    private var broken: (whole: String, rest: String)?

    /// How many words at the end of the text, in a row, this voice would have said itself: how far its answer has come.
    let spoken: Int

    /// - Parameters:
    ///   - context: What the answer depends on and what it does not continue, such as the messages of a chat.
    ///   - text: What the answer continues.
    init(context: String, text: String) {
        heard.fold(context)
        heard.fold("\u{1F}")
        isFirst = text.isEmpty
        var spoken = 0
        var word = text.startIndex
        while word < text.endIndex {
            let next = text.utf8[text.utf8.index(after: word)...].firstIndex(of: UInt8(ascii: " ")) ?? text.endIndex
            let piece = text[word..<next]
            let expected = Self.word(after: heard, isFirst: word == text.startIndex)
            if next == text.endIndex, piece != expected, expected.hasPrefix(piece) {
                broken = (expected, String(expected.dropFirst(piece.count)))
                break
            }
            spoken = piece == expected ? spoken + 1 : 0
            heard.fold(piece)
            word = next
        }
        self.spoken = spoken
    }

    /// The next word, with the space before it; after a text that breaks off in a word, the rest of that word.
    mutating func next() -> String {
        if let broken {
            self.broken = nil
            heard.fold(broken.whole)
            return broken.rest
        }
        let word = Self.word(after: heard, isFirst: isFirst)
        isFirst = false
        heard.fold(word)
        return word
    }

    private static func word(after heard: TextHash, isFirst: Bool) -> String {
        let word = vocabulary[Int(heard.mixed % UInt64(vocabulary.count))]
        return isFirst ? word : " " + word
    }

    /// No word has a space. Some need JSON escapes or several bytes a character: whoever carries the text must bear
    /// both.
    static let vocabulary = [
        "lorem", "ipsum", "dolor", "sit", "amet,", "consectetur", "adipiscing", "elit.", "sed", "do", "eiusmod",
        "tempor",
        "incididunt", "ut", "labore", "et", "dolore", "magna", "aliqua.", "enim", "ad", "minim", "veniam,", "quis",
        "nostrud", "exercitation", "ullamco", "laboris", "nisi", "aliquip", "ex", "ea", "commodo", "consequat.", "duis",
        "aute", "irure", "in", "reprehenderit", "voluptate", "velit", "esse", "cillum", "eu", "fugiat", "nulla",
        "pariatur.", "excepteur", "sint", "occaecat", "cupidatat", "non", "proident,", "sunt", "culpa", "qui", "café",
        "\"sic\"", "a\\b", "知识库", "模型。", "naïve", "🔥", "<b>",
    ]
}
