/// The keys of a JSON text in their order, of all its objects alike; nothing is parsed, and text that is no JSON gives
/// what looks like keys.
///
/// A string with a colon behind it is a key. Quotes inside of strings are escaped, so none is mistaken for an end.
package struct JSONKeys {
    /// One key, and where its value begins.
    package struct Key {
        /// Without the quotes.
        package var name: Range<Int>
        package var value: Int
        fileprivate var end: Int

        /// Whether its value is a string with something in it.
        package func holdsText(_ bytes: borrowing Span<UInt8>) -> Bool {
            value &+ 1 < end && bytes[value] == ASCII.quote && bytes[value &+ 1] != ASCII.quote
        }

        /// Its value as a whole number; nil for anything else and beyond 12 digits.
        package func number(_ bytes: borrowing Span<UInt8>) -> Int? {
            var number = 0
            var index = value
            while index < end, index &- value < 13, ASCII.isDigit(bytes[index]) {
                number = number &* 10 &+ Int(bytes[index] &- 0x30)
                index &+= 1
            }
            return (1...12).contains(index &- value) ? number : nil
        }
    }

    private var index: Int
    private let end: Int

    package init(_ range: Range<Int>) {
        index = range.lowerBound
        end = range.upperBound
    }

    /// The next key that has a value; nil when there is none.
    package mutating func next(_ bytes: borrowing Span<UInt8>) -> Key? {
        while let quote = bytes.firstIndex(of: ASCII.quote, from: index, to: end) {
            let start = quote &+ 1
            let close = stringEnd(bytes, from: start)
            index = close &+ 1
            skipSpace(bytes)
            guard index < end, bytes[index] == ASCII.colon else { continue }
            index &+= 1
            skipSpace(bytes)
            guard index < end else { return nil }
            return Key(name: start..<close, value: index, end: end)
        }
        return nil
    }

    /// The place of the quote that ends the string, or the end of the text.
    private func stringEnd(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < end {
            let byte = bytes[index]
            if byte == ASCII.quote { return index }
            index &+= byte == ASCII.backslash ? 2 : 1
        }
        return end
    }

    private mutating func skipSpace(_ bytes: borrowing Span<UInt8>) {
        while index < end, bytes[index] == ASCII.space || bytes[index] == ASCII.lineFeed { index &+= 1 }
    }
}
