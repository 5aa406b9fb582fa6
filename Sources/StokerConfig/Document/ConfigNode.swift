/// A piece of a YAML document with its place: what the reader works on, whatever library parsed it.
package struct ConfigNode: Sendable, Equatable {
    package var place: Place
    package var content: Content

    package init(place: Place, content: Content) {
        self.place = place
        self.content = content
    }

    package indirect enum Content: Sendable, Equatable {
        /// The text as written. What it means depends on the type wanted: `no` and `3.10` are read as they stand.
        case scalar(String, isPlain: Bool)
        case mapping([Entry])
        case sequence([ConfigNode])
    }

    /// One `key: value` of a mapping.
    package struct Entry: Sendable, Equatable {
        package var key: String
        package var place: Place
        package var value: ConfigNode
        /// The line of an earlier entry with the same key in this mapping.
        package var firstLine: Int?

        package init(key: String, place: Place, value: ConfigNode, firstLine: Int? = nil) {
            self.key = key
            self.place = place
            self.value = value
            self.firstLine = firstLine
        }
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
