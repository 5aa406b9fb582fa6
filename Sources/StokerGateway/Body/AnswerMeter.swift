package import StokerWire

/// Counts what an answer is worth while it flows by: events, and the token counts that engines report. No JSON is
/// parsed.
package struct AnswerMeter: Sendable, Equatable {
    /// A line longer than this is counted but not searched for usage when it is split over several reads.
    private static let maxCarry = 16 << 10

    /// `data:` lines, `[DONE]` left out.
    package private(set) var events = 0
    /// The tokens that the engine says it read and wrote.
    package private(set) var usage: TokenUsage?
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
        usage = TokenUsage.find(in: bytes, range) ?? usage
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
        if let found = TokenUsage.find(in: bytes, text) { usage = found }
    }
}
