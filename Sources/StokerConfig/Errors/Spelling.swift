import StokerCore

extension Spelling {
    /// `value` as it may stand in a message: short, without control characters, in quotes where it is not one word.
    static func shown(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars.prefix(48) {
            text += scalar.properties.isPrintable ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }
        if value.unicodeScalars.count > 48 { text += "…" }
        let isWord = !text.isEmpty && text.allSatisfy { !$0.isWhitespace && $0 != "\"" && $0 != "," }
        return isWord ? text : "\"\(text)\""
    }
}

extension Unicode.Scalar.Properties {
    /// Whether a terminal shows the scalar as itself: no control, format, private-use or unassigned character.
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
