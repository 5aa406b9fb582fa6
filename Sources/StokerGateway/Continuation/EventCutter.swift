import StokerWire

/// Finds where the events of a stream end (WHATWG HTML, "Server-sent events"), so that only whole ones are passed on.
///
/// An event that lies whole in one read, as nearly all do, stays where it is; only what is split over reads is copied.
/// Lines end in LF, CRLF or CR, mixed at will and split anywhere. Every byte is handed out, in its order.
package struct EventCutter: Sendable {
    /// Longer than any event of text; a longer one is no business of whoever cuts.
    package static let maxEvent = 64 << 10

    /// What comes next.
    package enum Cut: Sendable, Equatable {
        /// An event lies here, its empty line included.
        case event(Range<Int>)
        /// An event that was split over reads is in `carried`, until `next` is called again.
        case carried
        /// The stretch is used up.
        case needsMore
        /// An event is longer than `maxEvent`. `carried` and the stretch from `index` on have not been handed out, and
        /// nothing more is cut.
        case tooLarge
    }

    /// The event that was split over reads, or its beginning.
    package private(set) var carried: [UInt8] = []
    /// Whether an event was too long.
    package private(set) var isTooLarge = false
    private var isHandedOut = false
    /// Whether the line that `carried` ends with has no byte yet.
    private var isAtLineStart = true
    /// The last byte was a CR: if a LF follows, it belongs to it.
    private var isAfterReturn = false

    package init() {}

    /// Finds the next event in the bytes from `index` to `end`, and moves `index` past it.
    package mutating func next(_ bytes: borrowing Span<UInt8>, at index: inout Int, to end: Int) -> Cut {
        if isHandedOut {
            isHandedOut = false
            carried.removeAll(keepingCapacity: carried.capacity <= 16 << 10)
        }
        guard !isTooLarge else { return .tooLarge }
        guard index < end else { return .needsMore }
        let start = index
        guard let after = endOfEvent(bytes, from: start, to: end) else { return keep(bytes, &index, to: end) }
        guard carried.count &+ (after &- start) <= Self.maxEvent else {
            isTooLarge = true
            return .tooLarge
        }
        index = after
        guard !carried.isEmpty else { return .event(start..<after) }
        append(bytes, start..<after)
        isHandedOut = true
        return .carried
    }

    /// The stream is over: whether the beginning of an event is left in `carried`, without its empty line.
    package mutating func finish() -> Bool {
        if isHandedOut { carried = [] }
        isHandedOut = !carried.isEmpty
        return isHandedOut
    }

    private mutating func keep(_ bytes: borrowing Span<UInt8>, _ index: inout Int, to end: Int) -> Cut {
        guard carried.count &+ (end &- index) <= Self.maxEvent else {
            isTooLarge = true
            return .tooLarge
        }
        append(bytes, index..<end)
        index = end
        return .needsMore
    }

    private mutating func append(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        bytes.extracting(range).withUnsafeBufferPointer { carried.append(contentsOf: $0) }
    }

    /// Just after the empty line; nil when it has not come.
    private mutating func endOfEvent(_ bytes: borrowing Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var line = start
        if isAfterReturn {
            isAfterReturn = false
            if bytes[line] == ASCII.lineFeed {
                line &+= 1
                // The rest of an empty line that ended with the read: a piece of its own, that says nothing.
                if carried.isEmpty { return line }
            }
        }
        while line < end {
            guard let mark = Self.lineEnd(bytes, from: line, to: end) else {
                isAtLineStart = false
                return nil
            }
            let isEmpty = mark == line && isAtLineStart
            isAtLineStart = true
            line = mark &+ 1
            if bytes[mark] == ASCII.carriageReturn {
                if line == end {
                    isAfterReturn = true
                } else if bytes[line] == ASCII.lineFeed {
                    line &+= 1
                }
            }
            if isEmpty { return line }
        }
        return nil
    }

    /// The first LF or CR. JSON has neither, so the second search ends at the first's find and finds nothing.
    static func lineEnd(_ bytes: borrowing Span<UInt8>, from start: Int, to end: Int) -> Int? {
        let first = bytes[start]
        if first == ASCII.lineFeed || first == ASCII.carriageReturn { return start }
        let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: start, to: end)
        return bytes.firstIndex(of: ASCII.carriageReturn, from: start, to: lineFeed ?? end) ?? lineFeed
    }
}
