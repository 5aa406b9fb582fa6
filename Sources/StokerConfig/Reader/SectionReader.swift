import StokerCore

/// A value and where it stands.
struct Located<Value: Sendable>: Sendable {
    var value: Value
    var place: Place
}

/// Reads one mapping by its description: knows its keys, reports what is wrong, falls back to defaults so that the
/// reading can go on to the next error.
struct SectionReader {
    let section: Section
    /// As people write it: `models.gemma.deadlines`; empty for the file itself.
    let path: String
    /// Of the key that opens the section.
    let place: Place
    let diagnostics: Diagnostics
    /// Whether there was something else than a mapping: one error is enough, nothing below it is missed then.
    let isBroken: Bool
    private let entries: [String: ConfigNode.Entry]

    /// - Parameters:
    ///   - node: nil for a section that is not in the file: all defaults.
    ///   - hint: what to paste when the node is no mapping.
    init(
        _ section: Section, _ node: ConfigNode?, path: String, place: Place, hint: String, _ diagnostics: Diagnostics
    ) {
        self.section = section
        self.path = path
        self.place = place
        self.diagnostics = diagnostics
        let name = path.split(separator: ".").last.map(String.init) ?? "the file"
        let all = node.map { Self.mapping($0, named: name, hint: hint, diagnostics) } ?? []
        isBroken = all == nil
        var entries: [String: ConfigNode.Entry] = [:]
        for entry in all ?? [] where section.key(entry.key) != nil { entries[entry.key] = entry }
        self.entries = entries
        for entry in all ?? [] where section.key(entry.key) == nil { reportUnknown(entry) }
    }

    /// Whether the key is in the file.
    func has(_ key: KeyDescription) -> Bool { entries[key.name] != nil }

    /// Where the key's value is, or else the section.
    func place(of key: KeyDescription) -> Place { entries[key.name]?.value.place ?? place }

    /// Where the key itself is, or else the section.
    func keyPlace(of key: KeyDescription) -> Place { entries[key.name]?.place ?? place }

    /// The node behind a key; reports a required key that is missing.
    func node(_ key: KeyDescription) -> ConfigNode? {
        if let entry = entries[key.name] { return entry.value }
        if key.presence == .required, !isBroken {
            diagnostics.report(.missingKey, "\(within(key.name)) is missing", at: place, hint: key.hint)
        }
        return nil
    }

    func value<Value>(_ key: Key<Value>) -> Value {
        node(key.description).flatMap { scalar($0, as: key.shape, of: key.description) } ?? key.fallback
    }

    func value<Value>(_ key: BareKey<Value>) -> Value? {
        node(key.description).flatMap { scalar($0, as: key.shape, of: key.description) }
    }

    /// The section behind a key, empty when the file has none.
    func section(_ key: KeyDescription, _ section: Section) -> SectionReader {
        SectionReader(
            section, node(key), path: within(key.name), place: keyPlace(of: key), hint: key.hint, diagnostics)
    }

    /// The entries of a mapping whose keys the user chooses, wrong names and duplicates left out.
    func map(_ key: KeyDescription) -> [ConfigNode.Entry] {
        guard case .map(let noun, let rule, _) = key.kind, let node = node(key) else { return [] }
        return (Self.mapping(node, named: key.name, hint: key.hint, diagnostics) ?? []).filter { entry in
            if rule.allows(entry.key) { return true }
            diagnostics.report(
                .badName, "\(Spelling.shown(entry.key)) is no name for a \(noun); it must be \(rule.inWords)",
                at: entry.place, hint: "\(rule.nearest(to: entry.key)):")
            return false
        }
    }

    /// The items of a list; nil when the key is absent or no list.
    func list(_ key: KeyDescription) -> [ConfigNode]? {
        guard let node = node(key) else { return nil }
        if case .sequence(let items) = node.content { return items }
        reportType(node, wanted: "a list", of: key.name, hint: key.hint)
        return nil
    }

    /// A single value of the shape; nil after an error.
    func scalar<Value>(_ node: ConfigNode, as shape: Shape<Value>, of key: KeyDescription) -> Value? {
        guard case .scalar(let text, _) = node.content else {
            reportType(node, wanted: "a single value", of: key.name, hint: key.hint)
            return nil
        }
        guard !node.isEmpty else {
            diagnostics.report(.emptyValue, "\(key.name) is empty", at: node.place, hint: key.hint)
            return nil
        }
        do {
            return try shape.parse(text)
        } catch {
            let hint = error.suggestion.map { "\(key.name): \($0)" } ?? key.hint
            diagnostics.report(
                error.code, "\(key.name) is \(Spelling.shown(text))\(error.reason)", at: node.place, hint: hint)
            return nil
        }
    }

    /// The key with the path of its section before it.
    func within(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private func reportType(_ node: ConfigNode, wanted: String, of name: String, hint: String) {
        let code: ConfigError.Code = node.isEmpty ? .emptyValue : .wrongType
        diagnostics.report(code, "\(name) is \(node.kindInWords); it must be \(wanted)", at: node.place, hint: hint)
    }

    private func reportUnknown(_ entry: ConfigNode.Entry) {
        let names = section.keys.map(\.name)
        let owner = path.isEmpty ? "the file" : path
        let key = Spelling.shown(entry.key)
        if let meant = Spelling.nearest(to: entry.key, among: names).flatMap(section.key) {
            diagnostics.report(
                .unknownKey, "\(key) is no key of \(owner); did you mean \(meant.name)?", at: entry.place,
                hint: meant.hint)
        } else {
            diagnostics.report(
                .unknownKey,
                "\(key) is no key of \(owner); it has \(names.joined(separator: ", "))",
                at: entry.place, hint: "remove the line")
        }
    }

    /// The entries of a mapping, each key once; nil when it is none.
    private static func mapping(
        _ node: ConfigNode, named name: String, hint: String, _ diagnostics: Diagnostics
    ) -> [ConfigNode.Entry]? {
        guard case .mapping(let entries) = node.content else {
            let code: ConfigError.Code = node.isEmpty ? .emptyValue : .wrongType
            diagnostics.report(
                code, "\(name) is \(node.kindInWords); it must be a mapping", at: node.place, hint: hint)
            return nil
        }
        return entries.filter { entry in
            guard let line = entry.firstLine else { return true }
            diagnostics.report(
                .duplicateKey, "\(Spelling.shown(entry.key)) is already given on line \(line)", at: entry.place,
                hint: "keep one of the two")
            return false
        }
    }
}

extension NameRule {
    /// The name with what is not allowed replaced.
    func nearest(to name: String) -> String {
        let lowered = self == .process ? name.lowercased() : name
        var result = ""
        for scalar in lowered.unicodeScalars.prefix(48) {
            let candidate = result + String(scalar)
            if allows(candidate) { result = candidate } else if allows(result + "-") { result += "-" }
        }
        return result.isEmpty ? "engine-a" : result
    }
}
