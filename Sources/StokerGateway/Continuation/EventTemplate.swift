import StokerWire

/// The bytes around the text of an event. An engine writes the same ones around each token, so an event that has them
/// needs no parsing: what lies between is its text.
///
/// Whole numbers at the root of a chunk may differ, too: they are times and counts that say nothing of the answer.
struct EventTemplate: Sendable, Equatable {
    private struct Gap: Equatable {
        /// How many of the fixed bytes stand before it.
        var place: Int
        var isText: Bool
    }

    /// Longer than any time in nanoseconds.
    private static let maxDigits = 20

    /// All that does not differ, one stretch behind the other.
    private let fixed: [UInt8]
    /// What lies between the stretches.
    private let gaps: [Gap]
    let isReasoning: Bool

    /// - Parameters:
    ///   - event: a whole event that was read strictly.
    ///   - text: the inside of its text.
    ///   - stamps: whole numbers that may be others.
    init(
        _ bytes: borrowing Span<UInt8>, event: Range<Int>, text: Range<Int>, stamps: [Range<Int>], isReasoning: Bool
    ) {
        var (fixed, gaps): ([UInt8], [Gap]) = ([], [])
        fixed.reserveCapacity(event.count)
        gaps.reserveCapacity(stamps.count + 1)
        var index = event.lowerBound
        for gap in (stamps + [text]).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            bytes.extracting(index..<gap.lowerBound).withUnsafeBufferPointer { fixed.append(contentsOf: $0) }
            gaps.append(Gap(place: fixed.count, isText: gap == text))
            index = gap.upperBound
        }
        bytes.extracting(index..<event.upperBound).withUnsafeBufferPointer { fixed.append(contentsOf: $0) }
        (self.fixed, self.gaps, self.isReasoning) = (fixed, gaps, isReasoning)
    }

    /// The text of an event of this form that has some; nil for any other event.
    func text(of bytes: borrowing Span<UInt8>, _ event: Range<Int>) -> Range<Int>? {
        var text: Range<Int>?
        var index = event.lowerBound
        var place = 0
        for gap in gaps {
            guard bytes.matches(fixed, place..<gap.place, at: index, before: event.upperBound) else { return nil }
            index &+= gap.place &- place
            place = gap.place
            let end =
                gap.isText
                ? Self.endOfText(bytes, index..<event.upperBound) : Self.endOfNumber(bytes, index..<event.upperBound)
            guard end > index else { return nil }
            if gap.isText { text = index..<end }
            index = end
        }
        guard event.upperBound &- index == fixed.count &- place,
            bytes.matches(fixed, place..<fixed.count, at: index, before: event.upperBound)
        else { return nil }
        return text
    }

    /// The first quote that is not escaped; the beginning where there is none, or a byte that no text has.
    private static func endOfText(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            if byte == ASCII.quote { return index }
            if byte < 0x20 { break }
            index &+= byte == ASCII.backslash ? 2 : 1
        }
        return range.lowerBound
    }

    /// Just after the digits; the beginning where no JSON number is.
    private static func endOfNumber(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        let limit = min(range.upperBound, index &+ maxDigits)
        while index < limit, ASCII.isDigit(bytes[index]) { index &+= 1 }
        let hasZeros = index &- range.lowerBound > 1 && bytes[range.lowerBound] == 0x30
        return hasZeros ? range.lowerBound : index
    }
}
