/// Makes text from elsewhere harmless to a terminal: a log line or a process name must not move the cursor, change the
/// title, or turn what follows around.
package enum SafeText {
    /// The text with every control character and direction mark written as an escape; tabs stay.
    ///
    /// Escaped: C0 but tab, DEL, C1 (an 8-bit CSI is one), the line and paragraph separators, and the bidirectional
    /// marks, embeddings, overrides and isolates, with which a line can be made to read as another.
    package static func escaped(_ text: some StringProtocol) -> String {
        guard text.unicodeScalars.contains(where: isDangerous) else { return String(text) }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isDangerous(scalar) {
                result.append(contentsOf: escape(scalar).unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// The text without ECMA-48's SGR sequences (`ESC [ … m`), the only ones that engines write into logs on purpose.
    package static func withoutColours(_ text: String) -> String {
        guard text.utf8.contains(0x1B) else { return text }
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first {
            if scalar == "\u{1B}", let end = endOfColour(rest) {
                rest = rest[end...]
            } else {
                result.append(scalar)
                rest.removeFirst()
            }
        }
        return String(result)
    }

    /// The index after the sequence that `text` begins with; nil when it is another one.
    private static func endOfColour(_ text: Substring.UnicodeScalarView) -> String.Index? {
        var rest = text.dropFirst()
        guard rest.popFirst() == "[" else { return nil }
        while let scalar = rest.popFirst() {
            if scalar == "m" { return rest.startIndex }
            guard ("0"..."9").contains(scalar) || scalar == ";" || scalar == ":" else { return nil }
        }
        return nil
    }

    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09: false
        case 0..<0x20, 0x7F...0x9F: true
        case 0x200E, 0x200F, 0x061C, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        default:
            let digits = String(scalar.value, radix: 16)
            return scalar.value < 0x100
                ? "\\x" + String(repeating: "0", count: 2 - digits.count) + digits : "\\u{\(digits)}"
        }
    }
}
