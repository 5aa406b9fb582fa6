import StokerWire

/// What the lines of one event say.
struct EventFields {
    /// Its `data:` lines.
    enum Payload {
        case none
        /// One line, as nearly always.
        case line(Range<Int>)
        /// Several, joined by line feeds.
        case joined([UInt8])
    }

    private(set) var payload = Payload.none
    /// `event: error`, or llama.cpp's older `error: {…}`.
    private(set) var isError = false

    /// - Parameter isFirst: whether it is the first of its stream, which may begin with a byte order mark.
    init(_ bytes: borrowing Span<UInt8>, _ event: Range<Int>, isFirst: Bool) {
        var line = event.lowerBound
        if isFirst, event.count >= 3, bytes[line] == 0xEF, bytes[line &+ 1] == 0xBB, bytes[line &+ 2] == 0xBF {
            line &+= 3
        }
        while line < event.upperBound {
            let end = EventCutter.lineEnd(bytes, from: line, to: event.upperBound) ?? event.upperBound
            take(bytes, line..<end)
            line = end &+ 1
        }
    }

    private mutating func take(_ bytes: borrowing Span<UInt8>, _ line: Range<Int>) {
        let colon = bytes.firstIndex(of: ASCII.colon, from: line.lowerBound, to: line.upperBound) ?? line.upperBound
        let name = line.lowerBound..<colon
        var value = min(colon &+ 1, line.upperBound)..<line.upperBound
        if let first = value.first, bytes[first] == ASCII.space { value = value.dropFirst() }
        if bytes.equals("data", in: name) {
            add(bytes, value)
        } else if bytes.equals("error", in: name) || bytes.equals("event", in: name) && bytes.equals("error", in: value)
        {
            isError = true
        }
    }

    private mutating func add(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) {
        switch payload {
        case .none: payload = .line(value)
        case .line(let first): payload = .joined(bytes.array(first) + [ASCII.lineFeed] + bytes.array(value))
        case .joined(var all):
            payload = .none
            all.append(ASCII.lineFeed)
            all.append(contentsOf: bytes.array(value))
            payload = .joined(all)
        }
    }

    /// Whether a payload is the end mark.
    static func isDone(_ payload: borrowing Span<UInt8>) -> Bool {
        payload.count >= 6 && payload.equals("[DONE]", in: 0..<6)
    }
}
