/// A document as it is stored.
package struct Document: Sendable, Equatable {
    package var id: Int64
    package var content: String
    package var tags: Tags
    /// UTC, `2026-11-24T03:08:12Z`.
    package var createdAt: String

    package init(id: Int64, content: String, tags: Tags, createdAt: String) {
        self.id = id
        self.content = content
        self.tags = tags
        self.createdAt = createdAt
    }
}

/// A document that is to be stored; with an `id` it replaces the one that has it.
package struct NewDocument: Sendable, Equatable {
    package var id: Int64?
    package var content: String
    package var tags: Tags

    package init(id: Int64? = nil, content: String, tags: Tags = Tags([])) {
        self.id = id
        self.content = content
        self.tags = tags
    }

    /// What it weighs in the queue of writes.
    var bytes: Int { content.utf8.count + (tags.text?.utf8.count ?? 0) }
}

/// The tags of a document: no empty ones, none twice. Stored as one text with commas between, as the column is.
package struct Tags: Sendable, Equatable {
    package let names: [String]

    /// Each text may hold several tags with commas between.
    package init(_ texts: [String]) {
        var seen: Set<String> = []
        names = texts.flatMap { $0.split(separator: ",") }.compactMap { part in
            let name = part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return !name.isEmpty && seen.insert(name).inserted ? name : nil
        }
    }

    /// What the column `tags` holds; nil (NULL) without tags.
    package var text: String? { names.isEmpty ? nil : names.joined(separator: ",") }
}

/// A document that a search found.
package struct SearchHit: Sendable, Equatable {
    package var document: Document
    /// BM25; higher is better. Comparable within one answer only.
    package var score: Double
    package var snippet: String
}
