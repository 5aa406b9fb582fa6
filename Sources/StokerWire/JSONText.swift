/// Strings as JSON writes them.
package enum JSONText {
    /// The text, nil for a lone surrogate. `range` must have passed `JSONScanner.string`.
    package static func decode(_ range: Range<Int>, in bytes: borrowing Span<UInt8>) -> String? {
        guard bytes.firstIndex(of: ASCII.backslash, from: range.lowerBound, to: range.upperBound) != nil else {
            return bytes.text(in: range)
        }
        var units: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index &+= 1
            guard byte == ASCII.backslash else {
                units.append(byte)
                continue
            }
            let kind = bytes[index]
            index &+= 1
            if kind == 0x75 {
                guard let scalar = scalar(&index, range.upperBound, bytes) else { return nil }
                units.append(contentsOf: String(Character(scalar)).utf8)
            } else {
                units.append(plain(kind))
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    private static func plain(_ kind: UInt8) -> UInt8 {
        switch kind {
        case 0x62: 0x08
        case 0x66: 0x0C
        case 0x6E: 0x0A
        case 0x72: 0x0D
        case 0x74: 0x09
        default: kind
        }
    }

    /// Reads the digits of `\uXXXX`, and of a second one where the first is half of a pair.
    private static func scalar(_ index: inout Int, _ end: Int, _ bytes: borrowing Span<UInt8>) -> Unicode.Scalar? {
        let first = unit(&index, bytes)
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(first) }
        guard index &+ 6 <= end, bytes[index] == ASCII.backslash, bytes[index &+ 1] == 0x75 else { return nil }
        index &+= 2
        let second = unit(&index, bytes)
        guard second & 0xFC00 == 0xDC00 else { return nil }
        return Unicode.Scalar(0x10000 &+ (first &- 0xD800) << 10 &+ (second &- 0xDC00))
    }

    private static func unit(_ index: inout Int, _ bytes: borrowing Span<UInt8>) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            unit = unit << 4 | UInt32(ASCII.hexValue(bytes[index]) ?? 0)
            index &+= 1
        }
        return unit
    }

    /// `text` as a JSON string with its quotes.
    package static func encode(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
