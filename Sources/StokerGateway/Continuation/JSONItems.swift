import Glibc
import StokerWire

/// The members of a JSON object or the elements of an array, one after the other; as strict as `JSONScanner`, and
/// nothing is built.
struct JSONItems {
    struct Item {
        /// Without its quotes; empty for an element of an array.
        var key: Range<Int>
        var value: Range<Int>
    }

    private var scanner: JSONScanner
    private let isObject: Bool
    private var isFirst = true
    private var isOver = false

    /// Just after the last bracket, once `next` has returned nil.
    var end: Int { scanner.index }

    /// - Parameter start: the place of the opening bracket; of anything else, nil comes.
    init?(at start: Int, _ bytes: borrowing Span<UInt8>) {
        guard start < bytes.count, bytes[start] == ASCII.braceOpen || bytes[start] == ASCII.bracketOpen else {
            return nil
        }
        isObject = bytes[start] == ASCII.braceOpen
        scanner = JSONScanner(at: start &+ 1)
    }

    /// The members of a text that is one object; nil for any other.
    init?(ofObject bytes: borrowing Span<UInt8>) {
        var scanner = JSONScanner()
        scanner.skipSpace(bytes)
        self.init(at: scanner.index, bytes)
        guard isObject else { return nil }
    }

    mutating func next(_ bytes: borrowing Span<UInt8>) throws(JSONScanner.Fault) -> Item? {
        guard !isOver else { return nil }
        scanner.skipSpace(bytes)
        guard scanner.index < bytes.count else { throw .unexpected(at: scanner.index) }
        if bytes[scanner.index] == (isObject ? ASCII.braceClose : ASCII.bracketClose) {
            scanner.index &+= 1
            isOver = true
            return nil
        }
        if !isFirst {
            try scanner.expect(ASCII.comma, bytes)
            scanner.skipSpace(bytes)
        }
        isFirst = false
        return try item(bytes)
    }

    private mutating func item(_ bytes: borrowing Span<UInt8>) throws(JSONScanner.Fault) -> Item {
        var key = scanner.index..<scanner.index
        if isObject {
            key = try scanner.string(bytes)
            scanner.skipSpace(bytes)
            try scanner.expect(ASCII.colon, bytes)
            scanner.skipSpace(bytes)
        }
        let start = scanner.index
        try scanner.value(bytes)
        return Item(key: key, value: start..<scanner.index)
    }

    /// Whether nothing but space follows the last bracket.
    func endsText(_ bytes: borrowing Span<UInt8>) -> Bool {
        var rest = scanner
        rest.skipSpace(bytes)
        return isOver && rest.index == bytes.count
    }
}

/// What a value is, by its place; it must have passed `JSONScanner.value`.
extension Span<UInt8> {
    func isNull(_ value: Range<Int>) -> Bool { equals("null", in: value) }
    func isTrue(_ value: Range<Int>) -> Bool { equals("true", in: value) }

    /// The inside of a string.
    func inside(_ value: Range<Int>) -> Range<Int>? {
        self[value.lowerBound] == ASCII.quote ? value.lowerBound &+ 1..<value.upperBound &- 1 : nil
    }

    /// A whole number of at most 12 digits.
    func integer(_ value: Range<Int>) -> Int? {
        let isNegative = self[value.lowerBound] == 0x2D
        let digits = isNegative ? value.dropFirst() : value
        guard (1...12).contains(digits.count) else { return nil }
        var number = 0
        for index in digits {
            guard ASCII.isDigit(self[index]) else { return nil }
            number = number &* 10 &+ Int(self[index] &- 0x30)
        }
        return isNegative ? -number : number
    }

    /// Whether no text can hide in it: a number, a word, an empty text or an empty container.
    func isHarmless(_ value: Range<Int>) -> Bool {
        switch self[value.lowerBound] {
        case ASCII.quote: value.count == 2
        case ASCII.braceOpen, ASCII.bracketOpen: isEmpty(value)
        default: true
        }
    }

    private func isEmpty(_ container: Range<Int>) -> Bool {
        var scanner = JSONScanner(at: container.lowerBound &+ 1)
        scanner.skipSpace(self)
        return scanner.index == container.upperBound &- 1
    }

    /// The bytes in `range` as an array.
    func array(_ range: Range<Int>) -> [UInt8] {
        extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    /// Whether this stretch of a word stands at `start`, and ends by `end`.
    func matches(_ word: [UInt8], _ stretch: Range<Int>, at start: Int, before end: Int) -> Bool {
        guard stretch.count <= end &- start else { return false }
        return extracting(start..<start &+ stretch.count).withUnsafeBufferPointer { mine in
            word.withUnsafeBufferPointer { other in
                guard let mine = mine.baseAddress, let other = other.baseAddress else { return true }
                return memcmp(mine, other + stretch.lowerBound, stretch.count) == 0
            }
        }
    }

    /// Whether it is a whole number, without a sign.
    func isWhole(_ value: Range<Int>) -> Bool {
        for index in value where !ASCII.isDigit(self[index]) { return false }
        return true
    }
}
