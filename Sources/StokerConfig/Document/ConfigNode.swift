/// A piece of a YAML document with its place: what the reader works on, whatever library parsed it.
struct ConfigNode: Equatable {
    /// Of its first character.
    var place: Place
    var content: Content

    /// The three things that YAML knows.
    indirect enum Content: Equatable {
        /// The text as written. What it means depends on the type wanted: `no` and `3.10` are read as they stand.
        case scalar(String, isPlain: Bool)
        case mapping([Entry])
        case sequence([ConfigNode])
    }

    /// One `key: value` of a mapping.
    struct Entry: Equatable {
        var key: String
        /// Of the key.
        var place: Place
        var value: ConfigNode
        /// The line of an earlier entry with the same key in this mapping.
        var firstLine: Int?
    }

    /// `key:` with nothing behind it, or `~` or `null`.
    var isEmpty: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// What it is, for a sentence such as `gateway is a list`.
    var kindInWords: String {
        switch content {
        case .scalar: isEmpty ? "empty" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        }
    }
}
