/// The bytes and byte classes that HTTP's grammar is made of (RFC 9110 section 5.6.2, RFC 3986 appendix A).
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let percent: UInt8 = 0x25
    static let comma: UInt8 = 0x2C
    static let dot: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let question: UInt8 = 0x3F
    static let bracketOpen: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let bracketClose: UInt8 = 0x5D
    static let braceOpen: UInt8 = 0x7B
    static let braceClose: UInt8 = 0x7D

    /// One bit for each of the 128 ASCII bytes; a table in two words needs no memory access.
    struct ByteSet {
        var low: UInt64
        var high: UInt64

        @inline(__always)
        func contains(_ byte: UInt8) -> Bool {
            guard byte < 128 else { return false }
            let word = byte < 64 ? low : high
            return (word >> UInt64(byte & 63)) & 1 == 1
        }
    }

    /// `tchar`: what methods and field names may hold.
    static let token = ByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)
    /// What a path with its query may hold: `pchar`, `/`, `?` and `%`.
    static let target = ByteSet(low: 0xafff_fff2_0000_0000, high: 0x47ff_fffe_87ff_ffff)
    /// `unreserved`: bytes of a path that mean the same to every server.
    static let unreserved = ByteSet(low: 0x03ff_6000_0000_0000, high: 0x47ff_fffe_87ff_fffe)
    /// `reg-name` without percent-encoding: what a `Host` may hold before the port.
    static let host = ByteSet(low: 0x2bff_6fd2_0000_0000, high: 0x47ff_fffe_87ff_fffe)

    /// Visible bytes, space, tab and the high half (`obs-text`): no control bytes, so no NUL, CR or LF.
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 ? byte != 0x7F : byte == tab }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// The value of a hexadecimal digit, nil for any other byte.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte &- 0x30
        case 0x41...0x46: byte &- 0x41 &+ 10
        case 0x61...0x66: byte &- 0x61 &+ 10
        default: nil
        }
    }

    /// Lower case for `A` to `Z`; every other byte as it is.
    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}

extension Span<UInt8> {
    /// Whether the bytes in `range` spell `word` (lower case), ASCII case ignored.
    func spells(_ word: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            for offset in 0..<letters.count
            where ASCII.lowercased(self[range.lowerBound + offset]) != letters[offset] {
                return false
            }
            return true
        }
    }

    /// Whether the bytes in `range` are exactly `word`.
    func equals(_ word: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            for offset in 0..<letters.count where self[range.lowerBound + offset] != letters[offset] { return false }
            return true
        }
    }

    /// The bytes in `range` as text; what is not UTF-8 becomes U+FFFD.
    func text(in range: Range<Int>) -> String {
        extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The first place of `byte` at or after `start`, nil when there is none.
    @inline(__always)
    func firstIndex(of byte: UInt8, from start: Int, to end: Int) -> Int? {
        var index = start
        while index < end {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }
}
