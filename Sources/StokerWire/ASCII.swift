import Glibc

/// The bytes and byte classes that HTTP's grammar is made of (RFC 9110 section 5.6.2, RFC 3986 appendix A).
package enum ASCII {
    package static let tab: UInt8 = 0x09
    package static let lineFeed: UInt8 = 0x0A
    package static let carriageReturn: UInt8 = 0x0D
    package static let space: UInt8 = 0x20
    package static let quote: UInt8 = 0x22
    package static let percent: UInt8 = 0x25
    package static let comma: UInt8 = 0x2C
    package static let dot: UInt8 = 0x2E
    package static let slash: UInt8 = 0x2F
    package static let colon: UInt8 = 0x3A
    package static let semicolon: UInt8 = 0x3B
    package static let question: UInt8 = 0x3F
    package static let bracketOpen: UInt8 = 0x5B
    package static let backslash: UInt8 = 0x5C
    package static let bracketClose: UInt8 = 0x5D
    package static let braceOpen: UInt8 = 0x7B
    package static let braceClose: UInt8 = 0x7D

    /// One bit for each of the 128 ASCII bytes; a table in two words needs no memory access.
    package struct ByteSet: Sendable {
        @usableFromInline var low: UInt64
        @usableFromInline var high: UInt64

        @inlinable @inline(__always)
        package func contains(_ byte: UInt8) -> Bool {
            guard byte < 128 else { return false }
            let word = byte < 64 ? low : high
            return (word >> UInt64(byte & 63)) & 1 == 1
        }
    }

    /// `tchar`: what methods and field names may hold.
    package static let token = ByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)
    /// What a path with its query may hold: `pchar`, `/`, `?` and `%`.
    package static let target = ByteSet(low: 0xafff_fff2_0000_0000, high: 0x47ff_fffe_87ff_ffff)
    /// `unreserved`: bytes of a path that mean the same to every server.
    package static let unreserved = ByteSet(low: 0x03ff_6000_0000_0000, high: 0x47ff_fffe_87ff_fffe)
    /// `reg-name` without percent-encoding: what a `Host` may hold before the port.
    package static let host = ByteSet(low: 0x2bff_6fd2_0000_0000, high: 0x47ff_fffe_87ff_fffe)

    /// Visible bytes, space, tab and the high half (`obs-text`): no control bytes, so no NUL, CR or LF.
    @inlinable @inline(__always)
    package static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 ? byte != 0x7F : byte == tab }

    @inlinable @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// The value of a hexadecimal digit, nil for any other byte.
    @inlinable @inline(__always)
    package static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte &- 0x30
        case 0x41...0x46: byte &- 0x41 &+ 10
        case 0x61...0x66: byte &- 0x61 &+ 10
        default: nil
        }
    }

    /// Lower case for `A` to `Z`; every other byte as it is.
    @inlinable @inline(__always)
    package static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}

extension Span<UInt8> {
    /// Whether the bytes in `range` spell `word` (lower case), ASCII case ignored.
    package func spells(_ word: StaticString, in range: Range<Int>) -> Bool {
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
    package func equals(_ word: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            for offset in 0..<letters.count where self[range.lowerBound + offset] != letters[offset] { return false }
            return true
        }
    }

    /// The bytes in `range` as text; what is not UTF-8 becomes U+FFFD.
    package func text(in range: Range<Int>) -> String {
        extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The first place of `byte` at or after `start`, nil when there is none.
    package func firstIndex(of byte: UInt8, from start: Int, to end: Int) -> Int? {
        guard start < end else { return nil }
        return extracting(start..<end).withUnsafeBufferPointer { bytes in
            // glibc looks at 32 bytes a step.
            guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else { return nil }
            return start &+ (UnsafeRawPointer(found) - UnsafeRawPointer(base))
        }
    }
}
