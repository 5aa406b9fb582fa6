/// Finds keys in JSON text without parsing it.
///
/// An unescaped `"key"` with a colon behind it is always a key: inside a string its quotes would be escaped. It may be
/// a key of any object in the text, which is enough for messages whose form is known.
package enum JSONKeySearch {
    /// Where the value of the first such key begins.
    ///
    /// - Parameter key: with its quotes: `"\"usage\""`.
    package static func value(of key: StaticString, in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var start = range.lowerBound
        while let end = place(after: key, in: bytes, start..<range.upperBound) {
            var index = skipSpace(end, bytes, range.upperBound)
            if index < range.upperBound, bytes[index] == ASCII.colon {
                index = skipSpace(index &+ 1, bytes, range.upperBound)
                return index < range.upperBound ? index : nil
            }
            start = end
        }
        return nil
    }

    /// The whole number that is the value of the key, nil when there is none or it is negative or beyond 12 digits.
    package static func number(of key: StaticString, in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard var index = value(of: key, in: bytes, range) else { return nil }
        var value = 0
        let start = index
        while index < range.upperBound, index &- start < 13, ASCII.isDigit(bytes[index]) {
            value = value &* 10 &+ Int(bytes[index] &- 0x30)
            index &+= 1
        }
        return (1...12).contains(index &- start) ? value : nil
    }

    /// Where the value of the last such key begins: for what stands near the end of a long text.
    package static func lastValue(of key: StaticString, in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var end = range.upperBound
        while let start = lastPlace(of: key, in: bytes, range.lowerBound..<end) {
            var index = skipSpace(start &+ key.utf8CodeUnitCount, bytes, range.upperBound)
            if index < range.upperBound, bytes[index] == ASCII.colon {
                index = skipSpace(index &+ 1, bytes, range.upperBound)
                return index < range.upperBound ? index : nil
            }
            end = start
        }
        return nil
    }

    /// The same search as below, from the end.
    private static func lastPlace(
        of word: StaticString, in bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Int? {
        let length = word.utf8CodeUnitCount
        return word.withUTF8Buffer { letters in
            var start = range.upperBound &- length
            while start >= range.lowerBound {
                let first = bytes[start]
                var step = 0
                while step < length, letters[step] == bytes[start &+ step] { step &+= 1 }
                if step == length { return start }
                var skip = 1
                while skip < length, letters[skip] != first { skip &+= 1 }
                start &-= skip
            }
            return nil
        }
    }

    /// Just after the word. Horspool's search: most steps skip the word's whole length.
    private static func place(
        after word: StaticString, in bytes: borrowing Span<UInt8>, _ range: Range<Int>
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

    private static func skipSpace(_ start: Int, _ bytes: borrowing Span<UInt8>, _ end: Int) -> Int {
        var index = start
        while index < end, bytes[index] == ASCII.space || bytes[index] == ASCII.lineFeed { index &+= 1 }
        return index
    }
}
