import StokerCore

/// A JSON value whose objects keep the order in which they were written: generated files should read well.
package indirect enum OrderedJSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case string(String)
    case array([OrderedJSON])
    case object([Member])

    /// One `"key": value`.
    package struct Member: Sendable, Equatable {
        /// The name, not escaped.
        package var key: String
        /// What it names.
        package var value: OrderedJSON

        /// `"key": value`
        package init(key: String, value: OrderedJSON) {
            self.key = key
            self.value = value
        }
    }

    /// An object of the members whose value is not nil.
    package static func object(of members: KeyValuePairs<String, OrderedJSON?>) -> OrderedJSON {
        .object(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
    }

    /// Pretty-printed with two spaces, without a newline at the end; arrays of single values stay on one line.
    package var json: String { json(indent: "") }

    private func json(indent: String) -> String {
        let deeper = indent + "  "
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return String(value)
        case .string(let text): return Self.quoted(text)
        case .array(let items) where items.allSatisfy(\.isSingle):
            return "[" + items.map { $0.json(indent: "") }.joined(separator: ", ") + "]"
        case .array(let items):
            let lines = items.map { deeper + $0.json(indent: deeper) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members) where members.isEmpty:
            return "{}"
        case .object(let members):
            let lines = members.map { "\(deeper)\(Self.quoted($0.key)): \($0.value.json(indent: deeper))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    /// The same as block-style YAML, each line indented by `indent`; every string that YAML might read as something
    /// else is quoted.
    package func yaml(indent: String = "") -> String {
        switch self {
        case .object(let members) where !members.isEmpty:
            return members.map { member in
                let key = indent + Self.plainOrQuoted(member.key) + ":"
                return member.value.isNested
                    ? "\(key)\n\(member.value.yaml(indent: indent + "  "))" : "\(key) \(member.value.yaml())"
            }.joined(separator: "\n")
        case .array(let items): return "[" + items.map { $0.yaml() }.joined(separator: ", ") + "]"
        case .object: return "{}"
        case .string(let text): return Self.plainOrQuoted(text)
        case .null, .bool, .integer: return json
        }
    }

    private var isSingle: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }

    private var isNested: Bool {
        if case .object(let members) = self { return !members.isEmpty }
        return false
    }

    private static func plainOrQuoted(_ text: String) -> String {
        let words = ["true", "false", "null", "yes", "no", "on", "~"]
        let safe = text.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic && $0.isASCII || ("0"..."9").contains($0) || "._/-".unicodeScalars.contains($0)
        }
        let startsWell = text.unicodeScalars.first.map { $0.properties.isAlphabetic || $0 == "/" } ?? false
        let isNumberWithUnit = Duration(text: text) != nil || text.hasSuffix("iB")
        let isPlain = safe && (startsWell || isNumberWithUnit) && !words.contains(text.lowercased())
        return isPlain ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
