import StokerCore

/// Writes the description of the keys as JSON Schema 2020-12, for editors.
package enum JSONSchema {
    /// docs/stoker.schema.json, newline included.
    package static var text: String { document.json + "\n" }

    static var document: OrderedJSON {
        var sections: [Section] = []
        collect(RootKeys.section, into: &sections)
        guard case .object(let root) = schema(of: RootKeys.section) else { return .null }
        let definitions = sections.dropFirst().map { OrderedJSON.Member(key: $0.name, value: schema(of: $0)) }
        return .object(
            [
                .init(key: "$schema", value: .string("https://json-schema.org/draft/2020-12/schema")),
                .init(key: "title", value: .string("Stoker config")),
            ] + root + [.init(key: "$defs", value: .object(definitions))])
    }

    /// All sections reachable from one, itself first, each once.
    static func collect(_ section: Section, into sections: inout [Section]) {
        guard !sections.contains(where: { $0.name == section.name }) else { return }
        sections.append(section)
        for key in section.keys { if let inner = key.kind.section { collect(inner, into: &sections) } }
    }

    private static func schema(of section: Section) -> OrderedJSON {
        let required = section.keys.filter { $0.presence == .required }.map { OrderedJSON.string($0.name) }
        let properties = section.keys.map { key in
            OrderedJSON.Member(key: key.name, value: schema(of: key))
        }
        return .object(of: [
            "type": .string("object"),
            "description": .string(section.summary),
            "additionalProperties": .bool(false),
            "required": required.isEmpty ? nil : .array(required),
            "properties": .object(properties),
        ])
    }

    private static func schema(of key: KeyDescription) -> OrderedJSON {
        guard case .object(let members) = schema(of: key.kind) else { return .null }
        var fallback = ""
        if case .optional(let text) = key.presence { fallback = " Default: \(text)." }
        return .object([.init(key: "description", value: .string(key.summary + fallback))] + members)
    }

    private static func schema(of kind: ValueKind) -> OrderedJSON {
        switch kind {
        case .duration(let range):
            return range.contains(.zero)
                ? anyOf([pattern("^[0-9]+(ms|s|m|h|d)$"), zero]) : pattern("^[0-9]+(ms|s|m|h|d)$")
        case .size(let range):
            let size = pattern("^[0-9]+(B|KiB|MiB|GiB|TiB)$")
            return range.contains(ByteSize(bytes: 0)) ? anyOf([size, zero]) : size
        case .integer(let range):
            return .object(of: [
                "type": .string("integer"), "minimum": .integer(range.lowerBound),
                "maximum": .integer(range.upperBound),
            ])
        case .flag: return .object(of: ["type": .string("boolean")])
        case .choice(let words): return .object(of: ["enum": .array(words.map { .string($0) })])
        // YAML reads `0` and `true` as other types; the reader takes the text as it stands.
        case .text: return .object(of: ["type": .array([.string("string"), .string("number"), .string("boolean")])])
        case .name(let text, _): return pattern(text)
        case .path: return .object(of: ["type": .string("string"), "minLength": .integer(1)])
        case .url: return .object(of: ["type": .string("string"), "minLength": .integer(1)])
        case .address: return pattern("^(\\[[^\\]]+\\]|[^:/ ]+):[0-9]{1,5}$")
        case .list(let item): return .object(of: ["type": .string("array"), "items": schema(of: item)])
        case .map(_, let rule, let value):
            return .object(of: [
                "type": .string("object"), "propertyNames": pattern(rule.pattern),
                "additionalProperties": schema(of: value),
            ])
        case .section(let section): return .object(of: ["$ref": .string("#/$defs/\(section.name)")])
        // Tools of YAML 1.1 read `off` as false.
        case .orOff(let kind):
            return anyOf([schema(of: kind), .object(of: ["enum": .array([.string("off"), .bool(false)])])])
        }
    }

    private static var zero: OrderedJSON { .object(of: ["const": .integer(0)]) }

    private static func anyOf(_ schemas: [OrderedJSON]) -> OrderedJSON { .object(of: ["anyOf": .array(schemas)]) }

    private static func pattern(_ text: String) -> OrderedJSON {
        .object(of: ["type": .string("string"), "pattern": .string(text)])
    }
}

extension ValueKind {
    /// The section that the value is, or that each value of a mapping is.
    package var section: Section? {
        switch self {
        case .section(let section): section
        case .map(_, _, let value): value.section
        case .orOff(let kind): kind.section
        default: nil
        }
    }
}
