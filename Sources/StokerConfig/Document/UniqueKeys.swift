/// The text of a config file in which an earlier one of two equal keys can be given a name of its own.
///
/// The first scalar of the key becomes a private-use character, so that no line and no column moves.
struct UniqueKeys {
    /// Plane 16: 65,534 private characters that nobody types.
    private static let firstMark: UInt32 = 0x10_0000
    /// A file with more duplicates than this gets the first of them only…
    private static let mostMarks = 32
    /// …and so does a large one, because each mark means to parse it again.
    private static let mostParsed = 4 << 20

    private(set) var text: String
    private var originals: [Unicode.Scalar] = []

    init(text: String) { self.text = text }

    /// Renames `key`, which starts at the place.
    ///
    /// - Returns: false when it is not there as written (a tag or an escape comes first), or too much has been renamed.
    mutating func makeUnique(_ key: String, line: Int, column: Int) -> Bool {
        guard originals.count < Self.mostMarks, originals.count * text.utf8.count < Self.mostParsed,
            let written = key.unicodeScalars.first,
            let start = index(line: line, column: column),
            let mark = Unicode.Scalar(Self.firstMark + UInt32(originals.count))
        else { return false }
        var scalars = text.unicodeScalars
        // The mark of a quoted key is its quote.
        let isQuote = scalars[start] == "\"" || scalars[start] == "'"
        let first = isQuote ? scalars.index(after: start) : start
        guard first < scalars.endIndex, scalars[first] == written else { return false }
        originals.append(scalars[first])
        scalars.replaceSubrange(first..<scalars.index(after: first), with: [mark])
        text = String(scalars)
        return true
    }

    /// The key as it was written.
    func original(of key: String) -> String {
        guard let first = key.unicodeScalars.first, first.value >= Self.firstMark,
            originals.indices.contains(Int(first.value - Self.firstMark))
        else { return key }
        return String(originals[Int(first.value - Self.firstMark)]) + String(key.unicodeScalars.dropFirst())
    }

    /// libyaml counts lines by more than newlines.
    private static let lineBreaks = "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars

    private func index(line: Int, column: Int) -> String.UnicodeScalarView.Index? {
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        for _ in 1..<max(1, line) {
            guard let end = scalars[index...].firstIndex(where: Self.lineBreaks.contains) else { return nil }
            index = scalars.index(after: end)
            if scalars[end] == "\r", index < scalars.endIndex, scalars[index] == "\n" {
                index = scalars.index(after: index)
            }
        }
        guard let place = scalars.index(index, offsetBy: max(0, column - 1), limitedBy: scalars.endIndex) else {
            return nil
        }
        return place < scalars.endIndex ? place : nil
    }
}
