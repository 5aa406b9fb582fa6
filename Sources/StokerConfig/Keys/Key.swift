/// A key with a single value and a default.
struct Key<Value: Sendable>: Sendable {
    let shape: Shape<Value>
    let fallback: Value
    let description: KeyDescription

    init(_ name: String, _ shape: Shape<Value>, default fallback: Value, example: String, _ summary: String) {
        self.shape = shape
        self.fallback = fallback
        description = KeyDescription(
            name: name, kind: shape.kind, presence: .optional(shape.text(fallback)), example: example, summary: summary)
    }
}

/// A key with a single value that may be absent, or must be there.
struct BareKey<Value: Sendable>: Sendable {
    let shape: Shape<Value>
    let description: KeyDescription

    /// - Parameter absent: what holds without the key, in words; nil when the key is required.
    init(_ name: String, _ shape: Shape<Value>, absent: String?, example: String, _ summary: String) {
        self.shape = shape
        description = KeyDescription(
            name: name, kind: shape.kind, presence: absent.map { .optional($0) } ?? .required, example: example,
            summary: summary)
    }
}

/// What the reference and the schema say about one key; also how the reader knows it.
package struct KeyDescription: Sendable {
    /// As the file has it: `first_token`.
    package var name: String
    /// What may stand behind it.
    package var kind: ValueKind
    /// Whether it may be left out, and what holds then.
    package var presence: Presence
    /// YAML that may follow `name: `.
    package var example: String
    /// One sentence.
    package var summary: String

    init(
        name: String, kind: ValueKind, presence: Presence, example: String, summary: String, hint: String? = nil
    ) {
        self.hint = hint ?? "\(name): \(example)"
        self.name = name
        self.kind = kind
        self.presence = presence
        self.example = example
        self.summary = summary
    }

    /// Whether a key may be left out.
    package enum Presence: Sendable, Equatable {
        case required
        /// The default, as YAML or in words.
        case optional(String)
    }

    /// One item of a list, as errors call it.
    var item: KeyDescription {
        KeyDescription(
            name: "an item of \(name)", kind: kind, presence: presence, example: example, summary: summary, hint: hint)
    }

    /// What to paste: `name: example`.
    var hint: String
}

/// A mapping with known keys.
package struct Section: Sendable {
    /// The name in the schema's definitions and the heading in the reference: `gateway`, `process`, `probe`.
    package var name: String
    /// A short paragraph for the reference.
    package var summary: String
    /// In the order of the reference.
    package var keys: [KeyDescription]

    init(_ name: String, _ summary: String, keys: [KeyDescription]) {
        self.name = name
        self.summary = summary
        self.keys = keys
    }

    /// The key of that name.
    package func key(_ name: String) -> KeyDescription? { keys.first { $0.name == name } }
}
