/// Replacements in a text, gathered in any order; everything else stays byte for byte.
struct ByteEdits {
    private var edits: [(range: Range<Int>, bytes: [UInt8])] = []

    /// The ranges of all edits must not overlap.
    mutating func replace(_ range: Range<Int>, with bytes: [UInt8]) { edits.append((range, bytes)) }

    mutating func replace(_ range: Range<Int>, with text: String) { replace(range, with: Array(text.utf8)) }

    mutating func insert(_ text: String, at place: Int) { replace(place..<place, with: text) }

    mutating func insert(_ bytes: [UInt8], at place: Int) { replace(place..<place, with: bytes) }

    /// The text with all of them made.
    func applied(to text: borrowing Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(edits.reduce(text.count) { $0 + $1.bytes.count })
        var place = 0
        for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            out.append(contentsOf: text.array(place..<edit.range.lowerBound))
            out.append(contentsOf: edit.bytes)
            place = edit.range.upperBound
        }
        out.append(contentsOf: text.array(place..<text.count))
        return out
    }
}
