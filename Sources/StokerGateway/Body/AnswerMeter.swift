import StokerWire

/// Counts what an answer is worth while it flows by: events, and the token counts that engines report. No JSON is
/// parsed.
package struct AnswerMeter: Sendable, Equatable {
    /// The tokens that the engine says it read and wrote.
    package struct Usage: Sendable, Equatable {
        package var input: Int
        package var output: Int

        package init(input: Int, output: Int) {
            self.input = input
            self.output = output
        }
    }

    /// A line longer than this is counted but not searched for usage when it is split over several reads.
    private static let maxCarry = 16 << 10

    /// `data:` lines, `[DONE]` left out.
    package private(set) var events = 0
    package private(set) var usage: Usage?
    /// Whether `data: [DONE]` has come.
    package private(set) var isDone = false
    /// The unfinished last line.
    private var carry: [UInt8] = []
    private var isOverlong = false

    package init() {}

    /// Whether what has flowed so far ends with a whole line.
    package var isAtLineStart: Bool { carry.isEmpty && !isOverlong }

    /// Tokens written: as reported, else one per event.
    package var outputTokens: Int { usage?.output ?? events }

    /// Takes a stretch of an event stream.
    package mutating func takeEvents(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        var start = range.lowerBound
        while let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: start, to: range.upperBound) {
            if carry.isEmpty, !isOverlong {
                line(bytes, start..<lineFeed)
            } else {
                endCarry(bytes, start..<lineFeed)
            }
            start = lineFeed &+ 1
        }
        if start < range.upperBound { keep(bytes, start..<range.upperBound) }
    }

    /// Takes a whole body that is one JSON object.
    package mutating func takeDocument(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        usage = UsageSearch.find(in: bytes, range) ?? usage
    }

    private mutating func keep(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        guard !isOverlong else { return }
        if carry.count + range.count > Self.maxCarry {
            // Still an event if it began like one.
            isOverlong = true
            carry.removeAll(keepingCapacity: true)
            events += 1
        } else {
            for index in range { carry.append(bytes[index]) }
        }
    }

    private mutating func endCarry(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        if !isOverlong { keep(bytes, range) }
        if !isOverlong {
            let whole = carry
            line(whole.span, 0..<whole.count)
        }
        carry.removeAll(keepingCapacity: true)
        isOverlong = false
    }

    private mutating func line(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        let prefix = range.lowerBound..<range.lowerBound &+ 5
        guard range.count > 5, bytes.equals("data:", in: prefix) else { return }
        var text = prefix.upperBound..<range.upperBound
        if bytes[text.lowerBound] == ASCII.space { text = text.lowerBound &+ 1..<text.upperBound }
        if text.count >= 6, bytes.equals("[DONE]", in: text.lowerBound..<text.lowerBound &+ 6) {
            isDone = true
            return
        }
        events += 1
        if let found = UsageSearch.find(in: bytes, text) { usage = found }
    }
}

/// Finds `"usage":{…}` in JSON text without parsing it. An unescaped `"usage":` is always a key, because inside a
/// string the quotes would be escaped.
private enum UsageSearch {
    static func find(in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> AnswerMeter.Usage? {
        guard var index = place(of: "\"usage\"", in: bytes, range) else { return nil }
        skipToValue(&index, bytes, range)
        guard index < range.upperBound, bytes[index] == ASCII.braceOpen else { return nil }
        let inside = index..<range.upperBound
        guard let input = number(after: "\"prompt_tokens\"", in: bytes, inside) else { return nil }
        return AnswerMeter.Usage(
            input: input, output: number(after: "\"completion_tokens\"", in: bytes, inside) ?? 0)
    }

    /// Just after the word. Horspool's search: most steps skip the word's whole length.
    private static func place(
        of word: StaticString, in bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Int? {
        let length = word.utf8CodeUnitCount
        return word.withUTF8Buffer { letters in
            var end = range.lowerBound &+ length
            while end <= range.upperBound {
                let last = bytes[end &- 1]
                var back = 1
                while back <= length, letters[length &- back] == bytes[end &- back] { back &+= 1 }
                if back > length { return end }
                var skip = 1
                while skip < length, letters[length &- 1 &- skip] != last { skip &+= 1 }
                end &+= skip
            }
            return nil
        }
    }

    private static func number(
        after word: StaticString, in bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Int? {
        guard var index = place(of: word, in: bytes, range) else { return nil }
        skipToValue(&index, bytes, range)
        var value = 0
        let start = index
        while index < range.upperBound, index &- start < 12, ASCII.isDigit(bytes[index]) {
            value = value &* 10 &+ Int(bytes[index] &- 0x30)
            index &+= 1
        }
        return index > start ? value : nil
    }

    private static func skipToValue(_ index: inout Int, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        while index < range.upperBound, bytes[index] == ASCII.colon || bytes[index] == ASCII.space { index &+= 1 }
    }
}
