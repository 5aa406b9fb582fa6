import FoundationEssentials

/// Reads one row of JSON, or says what is wrong with it in a person's words.
enum JSONRow {
    static func decode<Value: Decodable>(
        _ type: Value.Type, _ row: RowReader.Row, _ reader: RowReader, expected: String
    ) throws(LoadError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(row.bytes))
        } catch {
            throw reader.fault(row.line, "\(explain(error)); expected \(expected)")
        }
    }

    private static func explain(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "\(place(context, then: key)) is missing"
        case DecodingError.typeMismatch(let type, let context): "\(place(context)) is no \(word(type))"
        case DecodingError.valueNotFound(let type, let context): "\(place(context)) is null and no \(word(type))"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "\(place(context)): \(context.debugDescription)"
        default: "no JSON"
        }
    }

    private static func place(_ context: DecodingError.Context, then key: (any CodingKey)? = nil) -> String {
        let path = context.codingPath + (key.map { [$0] } ?? [])
        return path.isEmpty
            ? "the row" : path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }

    private static func word(_ type: Any.Type) -> String {
        if type == String.self { return "text" }
        if type == Int.self || type == Int64.self { return "whole number" }
        if type == Double.self { return "number" }
        return "\(type)".hasPrefix("Array") ? "list" : "object"
    }
}
