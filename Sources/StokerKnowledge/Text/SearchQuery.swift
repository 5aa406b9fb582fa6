/// What a person asked for, as terms that the index knows. Nothing of the text reaches SQLite unquoted.
package struct SearchQuery: Sendable, Equatable {
    /// The different terms, in order, at most `maxTerms`.
    package let terms: [Term]

    /// Long questions are cut here: each further term costs a walk through the index and changes the ranking little.
    package static let maxTerms = 32

    /// Returns nil when the text has nothing to search for: spaces, punctuation, symbols only.
    package init?(_ text: String) {
        var terms: [Term] = []
        var seen: Set<String> = []
        Tokenizer.scan(text, for: .query) { term in
            if seen.insert(term.text).inserted { terms.append(term) }
            return terms.count < Self.maxTerms
        }
        guard !terms.isEmpty else { return nil }
        self.terms = terms
    }

    /// FTS5 expression: documents that have every term.
    package var matchingAll: String { expression(joinedBy: " AND ") }

    /// FTS5 expression: documents that have at least one term.
    package var matchingAny: String { expression(joinedBy: " OR ") }

    private func expression(joinedBy glue: String) -> String {
        terms.map(Self.quoted).joined(separator: glue)
    }

    /// An FTS5 string: quotes around, quotes inside doubled. Terms hold letters and digits only; the quoting is for the
    /// day when they do not. <https://www.sqlite.org/fts5.html#fts5_strings>
    private static func quoted(_ term: Term) -> String {
        let escaped = term.text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        return term.isLoneCharacter ? "\"\(escaped)\"*" : "\"\(escaped)\""
    }
}
