/// What may stand in a label.
enum LabelValue {
    /// Stands for every value that is not kept apart.
    static let other = "_other"
    /// Longer values are cut: a label is a name, not a text.
    ///
    /// In UTF-8 bytes.
    static let maximumLength = 256

    /// The value as it is kept: without carriage returns, which some parsers take for a line end, and not too long.
    static func clean(_ value: String) -> String {
        var value = value
        if value.utf8.contains(UInt8(ascii: "\r")) {
            value = String(String.UnicodeScalarView(value.unicodeScalars.filter { $0 != "\r" }))
        }
        guard value.utf8.count > maximumLength else { return value }
        var kept = String.UnicodeScalarView()
        var length = 0
        for scalar in value.unicodeScalars {
            length += UTF8.width(scalar)
            if length > maximumLength { break }
            kept.append(scalar)
        }
        return String(kept)
    }
}
