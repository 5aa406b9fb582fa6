import StokerWire

/// The bytes around the text of an event. An engine writes the same ones around each token, so an event that has them
/// needs no parsing: what lies between is its text.
struct EventTemplate: Sendable, Equatable {
    private let head: [UInt8]
    /// From the quote that ends the text.
    private let tail: [UInt8]
    let isReasoning: Bool

    /// - Parameters:
    ///   - event: a whole event that was read strictly.
    ///   - text: the inside of its text.
    init(_ bytes: borrowing Span<UInt8>, event: Range<Int>, text: Range<Int>, isReasoning: Bool) {
        head = bytes.array(event.lowerBound..<text.lowerBound)
        tail = bytes.array(text.upperBound..<event.upperBound)
        self.isReasoning = isReasoning
    }

    /// The text of an event of this form that has some; nil for any other event.
    func text(of bytes: borrowing Span<UInt8>, _ event: Range<Int>) -> Range<Int>? {
        let start = event.lowerBound &+ head.count
        let end = event.upperBound &- tail.count
        guard start < end, bytes.matches(head, at: event.lowerBound), bytes.matches(tail, at: end) else { return nil }
        // The tail's quote must be the first that is not escaped.
        var index = start
        while index < end {
            let byte = bytes[index]
            if byte == ASCII.quote || byte < 0x20 { return nil }
            index &+= byte == ASCII.backslash ? 2 : 1
        }
        return index == end ? start..<end : nil
    }
}
