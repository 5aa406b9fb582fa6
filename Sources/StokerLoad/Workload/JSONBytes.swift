internal import StokerWire

/// Writes the inside of JSON strings into byte arrays, without a `String` in between.
enum JSONBytes {
    /// Appends `text` escaped, without quotes.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { units in
            var start = 0
            for (index, unit) in units.enumerated() where unit < 0x20 || unit == ASCII.quote || unit == ASCII.backslash
            {
                bytes.append(contentsOf: units[start..<index])
                bytes.append(contentsOf: escape(unit))
                start = index + 1
            }
            bytes.append(contentsOf: units[start...])
        }
    }

    private static func escape(_ unit: UInt8) -> [UInt8] {
        switch unit {
        case 0x0A: [ASCII.backslash, 0x6E]
        case 0x0D: [ASCII.backslash, 0x72]
        case 0x09: [ASCII.backslash, 0x74]
        case ASCII.quote, ASCII.backslash: [ASCII.backslash, unit]
        default: Array((unit < 16 ? "\\u000" : "\\u00").utf8) + String(unit, radix: 16).utf8
        }
    }
}
