/// Cuts a document into passages that a search can return and a prompt can hold.
package struct Passages {
    /// Longest passage in characters: about 300 tokens of English, 900 of Chinese.
    package static let maxLength = 1200

    /// The passages of a Markdown or plain text, in order; each begins with the heading that it stands under.
    ///
    /// Paragraphs are kept whole and gathered up to `maxLength`; a longer paragraph is cut at a line, else at a
    /// sentence, else where it must be.
    package static func of(_ text: String) -> [String] {
        var passages = Passages()
        for block in blocks(of: text) {
            if let heading = heading(in: block) {
                passages.begin(heading: heading)
            } else {
                passages.add(block)
            }
        }
        passages.flush()
        return passages.done
    }

    private var done: [String] = []
    /// Repeated on top of each passage of its section: a passage alone must say what it is about.
    private var heading = ""
    private var pending = ""

    private mutating func begin(heading: String) {
        flush()
        self.heading = String(heading.prefix(Self.maxLength / 4))
    }

    private mutating func add(_ block: String) {
        for piece in Self.pieces(of: Self.trimmed(block), limit: room) where !piece.isEmpty {
            if !pending.isEmpty, pending.count + 2 + piece.count > room { flush() }
            pending += pending.isEmpty ? piece : "\n\n" + piece
        }
    }

    /// What a passage can hold beside its heading.
    private var room: Int { Self.maxLength - (heading.isEmpty ? 0 : heading.count + 2) }

    private mutating func flush() {
        guard !pending.isEmpty else { return }
        done.append(heading.isEmpty ? pending : heading + "\n\n" + pending)
        pending = ""
    }

    /// Paragraphs: what stands between empty lines. Fenced code stays in one block with its empty lines.
    private static func blocks(of text: String) -> [String] {
        var blocks: [String] = []
        var lines: [Substring] = []
        var inFence = false
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let isFence = line.hasPrefix("```") || line.hasPrefix("~~~")
            let isHeading = !inFence && heading(in: line) != nil
            let isEmpty = !inFence && line.allSatisfy(\.isWhitespace)
            if isHeading || isEmpty {
                if !lines.isEmpty { blocks.append(lines.joined(separator: "\n")) }
                lines = []
            }
            if isFence { inFence.toggle() }
            if isHeading { blocks.append(String(line)) } else if !isEmpty { lines.append(line) }
        }
        if !lines.isEmpty { blocks.append(lines.joined(separator: "\n")) }
        return blocks
    }

    /// The text of `# Heading`, nil when the first line is none.
    private static func heading(in block: some StringProtocol) -> String? {
        let line = block.prefix { !$0.isNewline }
        let marks = line.prefix { $0 == "#" }
        guard (1...6).contains(marks.count), line.dropFirst(marks.count).first?.isWhitespace == true else { return nil }
        let text = trimmed(String(line.dropFirst(marks.count)))
        return text.isEmpty ? nil : text
    }

    /// A block in parts of at most `limit` characters.
    private static func pieces(of block: String, limit: Int) -> [String] {
        var pieces: [String] = []
        var rest = block[...]
        while let end = rest.index(rest.startIndex, offsetBy: limit, limitedBy: rest.endIndex), end < rest.endIndex {
            let cut = cutPoint(in: rest[..<end])
            pieces.append(trimmed(String(rest[..<cut])))
            rest = rest[cut...]
        }
        pieces.append(trimmed(String(rest)))
        return pieces
    }

    /// After the last line, sentence or word of the window, whichever exists in its second half.
    private static func cutPoint(in window: Substring) -> Substring.Index {
        let half = window.index(window.startIndex, offsetBy: window.count / 2)
        let tail = window[half...]
        let ends: [(Character) -> Bool] = [
            \.isNewline, { "。!?".contains($0) }, { ".!?;".contains($0) }, \.isWhitespace,
        ]
        for isEnd in ends {
            if let last = tail.lastIndex(where: isEnd) { return window.index(after: last) }
        }
        return window.endIndex
    }

    private static func trimmed(_ text: String) -> String {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }) else { return "" }
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(text[first...last])
    }
}
