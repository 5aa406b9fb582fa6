import StokerConfig
import StokerCore
import Testing

/// The description of the keys is the only one: page, schema and reader follow it.
@Suite struct ReferenceTests {
    @Test func `the committed reference is what the program prints`() throws {
        #expect(
            try Fixture.committed("docs/config.md") == ReferencePage.text, "stoker check --reference > docs/config.md")
    }

    @Test func `the committed schema is what the program prints`() throws {
        let committed = try Fixture.committed("docs/stoker.schema.json")
        #expect(committed == JSONSchema.text, "stoker check --schema > docs/stoker.schema.json")
    }

    @Test(arguments: DescribedKey.all)
    func `every described key is read`(key: DescribedKey) {
        // A list of lists fits no key, so whoever reads the key must complain at its place.
        let text = key.config(value: "[[wrong]]")
        let errors = Reading.errors(text.yaml).filter { $0.code != .unknownKey }
        #expect(errors.contains { $0.place?.line == text.line }, "\(text.yaml)\n\(errors)")
    }

    @Test(arguments: DescribedKey.all)
    func `every example in the reference is accepted where it stands`(key: DescribedKey) {
        let text = key.config(value: key.key.example)
        // Names of other processes in an example belong to another file.
        let errors = Reading.errors(text.yaml).filter { $0.code != .unknownProcess && $0.code != .portClash }
        let isHere = errors.contains { $0.place?.line == text.line }
        #expect(!isHere, "\(text.yaml)\n\(errors)")
    }

    @Test(arguments: DescribedKey.all)
    func `every key has one sentence, and no two of a section the same name`(key: DescribedKey) {
        #expect(key.key.summary.hasSuffix(".") && key.key.summary.count < 160)
        #expect(key.siblings.filter { $0 == key.key.name }.count == 1)
    }

    @Test func `every error code is in the reference`() {
        for code in ConfigError.Code.allCases { #expect(ReferencePage.text.contains("`\(code.rawValue)`")) }
    }

    @Test(arguments: [NameRule.process, .model, .variable])
    func `the pattern of a name and the check of the reader agree`(rule: NameRule) throws {
        let pattern = try Regex(rule.pattern)
        var candidates = ["", "a", "A", "1", "_", "-a", ".a", "a b", "a/b", "a:b", "a@b", "a+b", "ä", "a\n", "a.b_c-d"]
        for length in [47, 48, 49, 127, 128, 129] { candidates.append(String(repeating: "a", count: length)) }
        for name in candidates {
            let isMatch = try pattern.wholeMatch(in: name) != nil
            #expect(rule.allows(name) == isMatch, "\(name)")
        }
    }
}

/// One key of the description, with a config in which it can stand.
struct DescribedKey: CustomTestStringConvertible, Sendable {
    var key: KeyDescription
    /// The mapping keys above it, with what else each level needs to be valid.
    var path: [String]
    var siblings: [String]

    var testDescription: String { (path + [key.name]).joined(separator: ".") }

    /// Whether a mapping may stand behind the key.
    var isMapping: Bool {
        if case .map = key.kind { return true }
        return key.kind.section != nil
    }

    static let all = keys(of: RootKeys.section, path: [])

    private static func keys(of section: Section, path: [String]) -> [DescribedKey] {
        section.keys.flatMap { key -> [DescribedKey] in
            let own = DescribedKey(key: key, path: path, siblings: section.keys.map(\.name))
            guard let inner = key.kind.section else { return [own] }
            var below = path + [key.name]
            if case .map = key.kind { below.append("x") }
            return [own] + keys(of: inner, path: below)
        }
    }

    /// A config with the key set to `value`, as good as can be otherwise, and the line of the key.
    func config(value: String) -> (yaml: String, line: Int) {
        var lines: [String] = []
        let topLevel = path.first ?? key.name
        if topLevel != "processes" { lines.append("processes: { engine-a: { engine: simulator, port: 9099 } }") }
        if path == ["processes", "x"], key.name == "standby" { lines.append("models: { m: { standby: [x] } }") }
        for (depth, name) in path.enumerated() {
            let indent = String(repeating: "  ", count: depth)
            lines.append("\(indent)\(name):")
            if depth == 1 { lines += company(at: topLevel, indent: indent + "  ") }
        }
        lines.append(String(repeating: "  ", count: path.count) + "\(key.name): \(value)")
        return (lines.joined(separator: "\n") + "\n", lines.count)
    }

    /// What a process or a model needs beside the key.
    private func company(at topLevel: String, indent: String) -> [String] {
        if topLevel == "models" {
            return key.name == "backends" && path.count == 2 ? [] : ["\(indent)backends: [engine-a]"]
        }
        if ["engine", "url"].contains(key.name), path.count == 2 {
            return key.name == "url" ? [] : ["\(indent)command: [x]"]
        }
        if key.name == "site" { return ["\(indent)engine: simulator", "\(indent)url: http://10.0.0.9:8000"] }
        if key.name == "command", path.count == 2 { return ["\(indent)port: 9001"] }
        return ["\(indent)engine: simulator"]
    }
}
