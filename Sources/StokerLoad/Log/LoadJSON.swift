internal import FoundationEssentials

/// How reports and logs are written as JSON: names in snake case, keys in order, so that two files can be compared.
enum LoadJSON {
    /// - Throws: when a number is not finite, which no report holds.
    static func pretty(_ value: some Encodable) throws(LoadError) -> String {
        try text(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }

    static func line(_ value: some Encodable) throws(LoadError) -> String {
        try text(value, [.sortedKeys, .withoutEscapingSlashes])
    }

    private static func text(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) throws(LoadError)
        -> String
    {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = format
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch { throw LoadError("cannot write JSON: \(error)") }
    }

    static func read<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws(LoadError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch { throw LoadError("cannot read the JSON: \(Self.words(error))") }
    }

    /// Which key is wrong; the whole error is a page.
    private static func words(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        return switch error {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is of another kind"
        case .dataCorrupted(let context): context.debugDescription
        @unknown default: "it is not what was expected"
        }
    }
}
