import Glibc

/// The bytes and byte classes that HTTP's grammar is made of (RFC 9110 section 5.6.2, RFC 3986 appendix A).
///
/// Computed and inlinable: a stored global of another module costs a call at each use, and each byte is such a use.
package enum ASCII {
    @inlinable package static var tab: UInt8 { 0x09 }
    @inlinable package static var lineFeed: UInt8 { 0x0A }
    @inlinable package static var carriageReturn: UInt8 { 0x0D }
    @inlinable package static var space: UInt8 { 0x20 }
    @inlinable package static var quote: UInt8 { 0x22 }
    @inlinable package static var percent: UInt8 { 0x25 }
    @inlinable package static var comma: UInt8 { 0x2C }
    @inlinable package static var dot: UInt8 { 0x2E }
    @inlinable package static var slash: UInt8 { 0x2F }
    @inlinable package static var colon: UInt8 { 0x3A }
    @inlinable package static var semicolon: UInt8 { 0x3B }
    @inlinable package static var question: UInt8 { 0x3F }
    @inlinable package static var bracketOpen: UInt8 { 0x5B }
    @inlinable package static var backslash: UInt8 { 0x5C }
    @inlinable package static var bracketClose: UInt8 { 0x5D }
    @inlinable package static var braceOpen: UInt8 { 0x7B }
    @inlinable package static var braceClose: UInt8 { 0x7D }

    /// One bit for each of the 128 ASCII bytes; a table in two words needs no memory access.
    package struct ByteSet: Sendable {
        @usableFromInline var low: UInt64
        @usableFromInline var high: UInt64

        @inlinable init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }

        @inlinable @inline(__always)
        package func contains(_ byte: UInt8) -> Bool {
            guard byte < 128 else { return false }
            let word = byte < 64 ? low : high
            return (word >> UInt64(byte & 63)) & 1 == 1
        }
    }

    /// `tchar`: what methods and field names may hold.
    @inlinable package static var token: ByteSet { ByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe) }
    /// What a path with its query may hold: `pchar`, `/`, `?` and `%`.
    @inlinable package static var target: ByteSet { ByteSet(low: 0xafff_fff2_0000_0000, high: 0x47ff_fffe_87ff_ffff) }
    /// `unreserved`: bytes of a path that mean the same to every server.
    @inlinable package static var unreserved: ByteSet {
        ByteSet(low: 0x03ff_6000_0000_0000, high: 0x47ff_fffe_87ff_fffe)
    }
    /// `reg-name` without percent-encoding: what a `Host` may hold before the port.
    @inlinable package static var host: ByteSet { ByteSet(low: 0x2bff_6fd2_0000_0000, high: 0x47ff_fffe_87ff_fffe) }

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
