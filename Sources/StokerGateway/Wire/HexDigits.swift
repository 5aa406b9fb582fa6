import NIOCore

/// Numbers as hexadecimal digits, all of a word at once.
enum HexDigits {
    /// Eight lower-case digits, the first in the highest byte.
    static func of(_ value: UInt32) -> UInt64 {
        // One digit a byte: halves are moved apart until each nibble stands alone.
        var spread = UInt64(value)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
        // 1 in each byte that is 10 or more: those become letters.
        let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    /// Sixteen digits.
    static func write(_ value: UInt64, into out: inout ByteBuffer) {
        out.writeInteger(of(UInt32(truncatingIfNeeded: value >> 32)))
        out.writeInteger(of(UInt32(truncatingIfNeeded: value)))
    }

    /// Sixteen digits as a text.
    static func text(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { out in
            let halves = (
                of(UInt32(truncatingIfNeeded: value >> 32)).bigEndian, of(UInt32(truncatingIfNeeded: value)).bigEndian
            )
            withUnsafeBytes(of: halves) { UnsafeMutableRawBufferPointer(out).copyMemory(from: $0) }
            return 16
        }
    }
}
