package import StokerCore

/// What a key takes, as documentation, schema and reader all need to know it.
package indirect enum ValueKind: Sendable {
    case duration(ClosedRange<Duration>)
    case size(ClosedRange<ByteSize>)
    case integer(ClosedRange<Int>)
    case flag
    case choice([String])
    /// Free text without NUL and, unless `multiline`, without line breaks.
    case text(multiline: Bool)
    /// A text that matches a regular expression (of the dialect that JSON Schema and Swift share).
    case name(pattern: String, inWords: String)
    case path
    case url
    /// `host:port`.
    case address
    case list(ValueKind)
    /// A mapping whose keys the user chooses.
    case map(name: String, keys: NameRule, values: ValueKind)
    case section(Section)
    /// The value, or the word `off`.
    case orOff(ValueKind)

    /// One phrase for the reference and for error messages.
    package var inWords: String {
        switch self {
        case .duration(let range): "\(range.lowerBound.inWords) to \(range.upperBound.inWords)"
        case .size(let range): "\(range.lowerBound.text) to \(range.upperBound.text)"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .choice(let words): words.joined(separator: ", ")
        case .text: "text"
        case .name(_, let inWords): inWords
        case .path: "a path"
        case .url: "http(s)://host:port"
        case .address: "host:port"
        case .list(let kind): "a list; each: \(kind.inWords)"
        case .map(let name, _, let kind): "a mapping; per \(name): \(kind.inWords)"
        case .section: "a mapping"
        case .orOff(let kind): "\(kind.inWords), or off"
        }
    }
}

/// How names that users choose may look.
package struct NameRule: Sendable, Equatable {
    /// Anchored; plain character classes and counts only.
    package var pattern: String
    /// The same for people.
    package var inWords: String

    /// Process names: they become file and socket names, and label values.
    package static let process = NameRule(
        pattern: "^[a-z0-9][a-z0-9._-]{0,47}$",
        inWords: "1 to 48 of a-z 0-9 . _ -, the first a letter or a digit")
    /// Model names as the OpenAI API and Hugging Face write them.
    package static let model = NameRule(
        pattern: "^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$",
        inWords: "1 to 128 of A-Z a-z 0-9 . _ : / @ + -, the first a letter or a digit")
    /// Names of environment variables.
    package static let variable = NameRule(
        pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$",
        inWords: "1 to 128 of A-Z a-z 0-9 _, the first no digit")

    /// Whether the name obeys the rule.
    package func allows(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        guard let first = scalars.first, scalars.count <= longest, isFirst(first) else { return false }
        return scalars.dropFirst().allSatisfy { isRest($0) }
    }

    // Written out beside the pattern, because Regex costs Foundation-sized start-up; a test holds the two together.
    private var longest: Int { self == .process ? 48 : 128 }

    private func isFirst(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .process: scalar.isLower || scalar.isDigit
        case .model: scalar.isLower || scalar.isUpper || scalar.isDigit
        default: scalar.isLower || scalar.isUpper || scalar == "_"
        }
    }

    private func isRest(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .process: scalar.isLower || scalar.isDigit || "._-".unicodeScalars.contains(scalar)
        case .model: scalar.isLower || scalar.isUpper || scalar.isDigit || "._:/@+-".unicodeScalars.contains(scalar)
        default: scalar.isLower || scalar.isUpper || scalar.isDigit || scalar == "_"
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isLower: Bool { ("a"..."z").contains(self) }
    fileprivate var isUpper: Bool { ("A"..."Z").contains(self) }
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}

extension Duration {
    /// `10 min` rather than `10m`: for sentences.
    var inWords: String {
        let text = text
        let digits = text.prefix { $0.isNumber }
        let unit = String(text.dropFirst(digits.count))
        return "\(digits) \(["m": "min", "h": "h", "d": "d"][unit] ?? unit)"
    }
}
