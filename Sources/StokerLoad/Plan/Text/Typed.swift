internal import StokerCore

/// One value that a person typed: its flag is in every complaint.
struct Typed {
    /// As typed, `--input-len`.
    let flag: String
    let text: String

    /// The complaint: flag, what was read, what is wrong with it, and what would be right.
    func refused(_ why: String, try example: String) -> LoadError {
        LoadError("\(flag): '\(shown)' \(why); try \(flag) \(example)")
    }

    /// Harmless to a terminal, and not longer than a line of it.
    var shown: String { text.count <= 80 ? SafeText.escaped(text) : SafeText.escaped(text.prefix(79)) + "…" }

    /// The kind before the colon and the fields after it, separated by `separator`; no kind when there is no colon.
    func fields(_ separator: Character) -> (kind: Substring, fields: [Substring]) {
        guard let colon = text.firstIndex(of: ":") else { return ("", [text[...]]) }
        let rest = text[text.index(after: colon)...]
        return (text[..<colon], rest.split(separator: separator, omittingEmptySubsequences: false))
    }
}

extension Double {
    /// A plain decimal number, at least 0: `12`, `0.5`. Signs, exponents, hexadecimal digits and `inf` are refused.
    init?(plain text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 == 0x2E || 0x30...0x39 ~= $0 }), let value = Double(text),
            value.isFinite
        else { return nil }
        self = value
    }
}

extension Int {
    /// Decimal digits alone.
    init?(plain text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let value = Int(text) else { return nil }
        self = value
    }
}
