internal import StokerWire

/// Writes the inside of JSON strings into byte arrays, without a `String` in between.
enum JSONBytes {
    /// Appends `text` escaped, without quotes.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { units in
            var start = 0
            for index in units.indices {
                let unit = units[index]
                if unit >= 0x20, unit != ASCII.quote, unit != ASCII.backslash { continue }
                // Rebased, because only a whole buffer is copied at once and not byte by byte.
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: units[start..<index]))
                bytes.append(ASCII.backslash)
                appendEscaped(unit, to: &bytes)
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: units[start...]))
        }
    }

    private static func appendEscaped(_ unit: UInt8, to bytes: inout [UInt8]) {
        switch unit {
        case 0x0A: bytes.append(0x6E)
        case 0x0D: bytes.append(0x72)
        case 0x09: bytes.append(0x74)
        case ASCII.quote, ASCII.backslash: bytes.append(unit)
        default: bytes.append(contentsOf: ((unit < 16 ? "u000" : "u00") + String(unit, radix: 16)).utf8)
        }
    }
}
