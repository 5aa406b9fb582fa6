import Foundation
import StokerConfig
import StokerCore
import Testing
import Yams

/// The schema must say yes to what the reader takes, and no to what it refuses for its form.
@Suite struct SchemaTests {
    @Test(arguments: Fixture.valid + Fixture.examples)
    func `a valid config is valid by the schema`(fixture: Fixture) throws {
        let problems = try SchemaValidator().problems(of: try Yams.load(yaml: try fixture.text))
        #expect(problems.isEmpty, "\(problems)")
    }

    /// What a schema can see; the rest needs arithmetic, other keys or the machine.
    private static let formal: Set<ConfigError.Code> = [
        .unknownKey, .missingKey, .wrongType, .badChoice, .badSize, .badNumber, .badName, .emptyValue,
    ]
    /// These break their rule in a way that a schema cannot see (two keys together, numbers in texts, empty commands),
    /// or that Yams' conversion to plain values hides (`<<`) or dies of (a list as a key).
    private static let beyond = [
        "missing-command.yaml", "no-process.yaml", "empty-lists.yaml", "secret-in-command.yaml",
        "unknown-key-merge.yaml", "wrong-type-key.yaml",
    ]

    @Test(arguments: Fixture.invalid.filter { !beyond.contains($0.name) })
    func `what is wrong in form is wrong by the schema`(fixture: Fixture) throws {
        let codes = Set(Reading.errors(try fixture.text).map(\.code))
        guard !codes.isDisjoint(with: Self.formal), let document = try? Yams.load(yaml: try fixture.text) else {
            return
        }
        #expect(!(try SchemaValidator().problems(of: document)).isEmpty)
    }
}

/// The part of JSON Schema 2020-12 that our schema uses; an unknown keyword is a problem, so that nothing goes
/// unchecked.
struct SchemaValidator {
    private let root: [String: Any]

    init() throws {
        let json = try JSONSerialization.jsonObject(with: Data(JSONSchema.text.utf8))
        root = try #require(json as? [String: Any])
    }

    func problems(of document: Any?) -> [String] { check(document, root, "$") }

    private func check(_ value: Any?, _ schema: [String: Any], _ path: String) -> [String] {
        schema.flatMap { keyword, rule -> [String] in
            switch keyword {
            case "$schema", "$defs", "title", "description": []
            case "$ref": check(value, definition(rule), path)
            case "type": isType(value, rule) ? [] : ["\(path) is not \(rule)"]
            case "enum": (rule as? [Any])?.contains { same($0, value) } == true ? [] : ["\(path) is not one of \(rule)"]
            case "const": same(rule, value) ? [] : ["\(path) is not \(rule)"]
            case "pattern": matches(value, rule) ? [] : ["\(path) does not match \(rule)"]
            case "minLength": (value as? String)?.isEmpty == true ? ["\(path) is empty"] : []
            case "minimum": (value as? Int).map { $0 >= rule as? Int ?? .min } ?? true ? [] : ["\(path) is too small"]
            case "maximum": (value as? Int).map { $0 <= rule as? Int ?? .max } ?? true ? [] : ["\(path) is too large"]
            case "anyOf": anyOf(value, rule, path)
            case "items": items(value, rule, path)
            case "required": required(value, rule, path)
            case "properties", "propertyNames", "additionalProperties": []
            default: ["\(path): unknown keyword \(keyword)"]
            }
        } + members(value, schema, path)
    }

    private func definition(_ reference: Any) -> [String: Any] {
        let name = (reference as? String)?.split(separator: "/").last.map(String.init) ?? ""
        return (root["$defs"] as? [String: [String: Any]])?[name] ?? ["missing definition": name]
    }

    private func isType(_ value: Any?, _ rule: Any) -> Bool {
        let names = rule as? [String] ?? [rule as? String ?? ""]
        return names.contains { name in
            switch name {
            case "object": value is [AnyHashable: Any]
            case "array": value is [Any]
            case "string": value is String
            case "integer": value is Int
            case "number": value is Int || value is Double
            case "boolean": value is Bool
            default: false
            }
        }
    }

    private func same(_ rule: Any, _ value: Any?) -> Bool {
        if let text = rule as? String { return text == value as? String }
        if let flag = value as? Bool { return rule as? Bool == flag }
        return (rule as? Int) != nil && (rule as? Int) == value as? Int
    }

    private func matches(_ value: Any?, _ rule: Any) -> Bool {
        guard let text = value as? String, let pattern = rule as? String, let regex = try? Regex(pattern) else {
            return !(value is String)
        }
        return ((try? regex.firstMatch(in: text)) ?? nil) != nil
    }

    private func anyOf(_ value: Any?, _ rule: Any, _ path: String) -> [String] {
        let choices = (rule as? [[String: Any]] ?? []).map { check(value, $0, path) }
        return choices.contains(where: \.isEmpty) ? [] : choices.first ?? []
    }

    private func items(_ value: Any?, _ rule: Any, _ path: String) -> [String] {
        (value as? [Any] ?? []).enumerated().flatMap { check($1, rule as? [String: Any] ?? [:], "\(path)[\($0)]") }
    }

    private func required(_ value: Any?, _ rule: Any, _ path: String) -> [String] {
        let mapping = value as? [AnyHashable: Any] ?? [:]
        return (rule as? [String] ?? []).filter { mapping[$0] == nil }.map { "\(path).\($0) is missing" }
    }

    private func members(_ value: Any?, _ schema: [String: Any], _ path: String) -> [String] {
        guard let mapping = value as? [AnyHashable: Any] else { return [] }
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        return mapping.flatMap { key, member -> [String] in
            let name = key as? String ?? "\(key)"
            let names = (schema["propertyNames"] as? [String: Any]).map { check(name, $0, "\(path): \(name)") } ?? []
            if let known = properties[name] { return check(member, known, "\(path).\(name)") }
            if let rest = schema["additionalProperties"] as? [String: Any] {
                return names + check(member, rest, "\(path).\(name)")
            }
            return schema["additionalProperties"] == nil ? [] : ["\(path).\(name) is not allowed"]
        }
    }
}
