import StokerWire

/// Cuts an event stream (WHATWG HTML, "Server-sent events") into events, however its bytes were split on the way.
///
/// An event that comes whole, as nearly all do, is read where it lies; only what is split is copied.
package struct EventScanner: Sendable {
    /// Longer than any answer of an engine in one event; beyond it the stream is given up.
    package static let maxEvent = 16 << 20

    /// The unfinished last line.
    private var line: [UInt8] = []
    /// Data lines of an event that is not over yet, joined by line feeds.
    private var data: [UInt8] = []
    private var hasData = false
    /// Where the key of the text stood in the latest event that was read where it lay.
    private var textPlace = 0
    /// Whether an event was longer than `maxEvent`; nothing is read after that.
    package private(set) var isTooLarge = false

    package init() {}

    /// Takes a stretch of the stream, and calls nothing: what it finds goes into the marks.
    package mutating func take(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, into marks: inout StreamMarks, at now: Nanoseconds
    ) {
        var start = range.lowerBound
        while let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: start, to: range.upperBound) {
            let next = lineFeed &+ 1
            if line.isEmpty {
                takeLine(bytes, start..<lineFeed, before: next..<range.upperBound, &marks, now)
            } else {
                append(bytes, start..<lineFeed)
                let whole = line
                line.removeAll(keepingCapacity: true)
                takeLine(whole.span, 0..<whole.count, before: 0..<0, &marks, now)
            }
            start = next
        }
        if start < range.upperBound { append(bytes, start..<range.upperBound) }
    }

    /// The stream is over: an event without its empty line counts, as most clients have it.
    package mutating func finish(into marks: inout StreamMarks, at now: Nanoseconds) {
        if !line.isEmpty {
            let whole = line
            line = []
            takeLine(whole.span, 0..<whole.count, before: 0..<0, &marks, now)
        }
        dispatch(&marks, now)
    }

    private mutating func append(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        guard line.count + range.count <= Self.maxEvent else {
            isTooLarge = true
            line = []
            return
        }
        bytes.extracting(range).withUnsafeBufferPointer { line.append(contentsOf: $0) }
    }

    /// - Parameter rest: what has come after this line, to see whether its event ends right there.
    private mutating func takeLine(
        _ bytes: borrowing Span<UInt8>, _ whole: Range<Int>, before rest: Range<Int>, _ marks: inout StreamMarks,
        _ now: Nanoseconds
    ) {
        var range = whole
        if let last = range.last, bytes[last] == ASCII.carriageReturn { range = range.dropLast() }
        guard !range.isEmpty else { return dispatch(&marks, now) }
        guard range.count >= 5, bytes.equals("data:", in: range.lowerBound..<range.lowerBound &+ 5) else { return }
        var value = range.lowerBound &+ 5..<range.upperBound
        if let first = value.first, bytes[first] == ASCII.space { value = value.dropFirst() }
        // A blank line right behind it: the event is this one line.
        if !hasData, Self.beginsWithBlankLine(bytes, rest) {
            marks.take(EventFacts(bytes, value, textAt: &textPlace), in: bytes, value, at: now)
        } else {
            keep(bytes, value)
        }
    }

    /// Of a CR whose LF has not come nobody knows yet what it is; then the line is kept like any other.
    private static func beginsWithBlankLine(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard let first = range.first else { return false }
        if bytes[first] == ASCII.lineFeed { return true }
        return range.count > 1 && bytes[first] == ASCII.carriageReturn && bytes[first &+ 1] == ASCII.lineFeed
    }

    private mutating func keep(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        guard data.count + range.count <= Self.maxEvent else {
            isTooLarge = true
            return
        }
        if hasData { data.append(ASCII.lineFeed) }
        bytes.extracting(range).withUnsafeBufferPointer { data.append(contentsOf: $0) }
        hasData = true
    }

    private mutating func dispatch(_ marks: inout StreamMarks, _ now: Nanoseconds) {
        guard hasData else { return }
        let whole = data
        marks.take(EventFacts(whole.span, 0..<whole.count), in: whole.span, 0..<whole.count, at: now)
        hasData = false
        data.removeAll(keepingCapacity: data.count <= 16 << 10)
    }
}
