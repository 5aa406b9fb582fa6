import Foundation

/// One searchable unit of a text.
package struct Term: Sendable, Equatable {
    /// The folded form: what the index holds.
    package var text: String
    /// Where it stands in the text, in UTF-8 bytes.
    package var range: Range<Int>
    /// A single character of a script without spaces: as a query it means every bigram that begins with it.
    package var isLoneCharacter: Bool
}

/// Cuts text into terms: words where a script has spaces, overlapping pairs of characters where it has none.
///
/// SQLite's `unicode61` takes a whole Chinese sentence for one word, and its `trigram` cannot find the two-character
/// words that most Chinese words are (docs/decisions: the tokenizer). Bigrams find both, at the price of a larger
/// index. The index is built with this code: a change here needs a migration that rebuilds it.
package struct Tokenizer {
    /// What the terms are for. A document also yields the last character of a run alone, so that a query of one
    /// character (as a prefix) finds it at the end of a run too.
    package enum Purpose: Sendable {
        case document, query
    }

    /// All terms, in the order of the text.
    package static func terms(in text: String, for purpose: Purpose) -> [Term] {
        var terms: [Term] = []
        scan(text, for: purpose) { term in
            terms.append(term)
            return true
        }
        return terms
    }

    /// Hands over one term after the other, until `body` returns false.
    package static func scan(_ text: String, for purpose: Purpose, _ body: (Term) -> Bool) {
        var tokenizer = Tokenizer(purpose: purpose)
        var offset = 0
        for scalar in text.unicodeScalars {
            let end = offset + UTF8.width(scalar)
            guard tokenizer.take(scalar, at: offset..<end, body) else { return }
            offset = end
        }
        _ = tokenizer.endWord(body) && tokenizer.endRun(body)
    }

    private let purpose: Purpose
    /// The word that is being read; empty between words.
    private var word = ""
    private var wordRange = 0..<0
    private var wordNeedsFolding = false
    /// The character before this one, if both belong to one run without spaces.
    private var last: (scalar: Unicode.Scalar, range: Range<Int>)?
    private var lastIsFirstOfRun = false

    private init(purpose: Purpose) { self.purpose = purpose }

    /// Takes one character. Returns false when `body` wants no more.
    private mutating func take(_ scalar: Unicode.Scalar, at range: Range<Int>, _ body: (Term) -> Bool) -> Bool {
        switch ScalarClass(scalar) {
        case .separator:
            return endWord(body) && endRun(body)
        case .spaced(let folded):
            guard endRun(body) else { return false }
            wordRange = (word.isEmpty ? range.lowerBound : wordRange.lowerBound)..<range.upperBound
            word.unicodeScalars.append(folded)
            wordNeedsFolding = wordNeedsFolding || !folded.isASCII
            return true
        case .unspaced:
            guard endWord(body) else { return false }
            defer { last = (scalar, range) }
            guard let last else {
                lastIsFirstOfRun = true
                return true
            }
            lastIsFirstOfRun = false
            var pair = String(last.scalar)
            pair.unicodeScalars.append(scalar)
            return body(
                Term(text: pair, range: last.range.lowerBound..<range.upperBound, isLoneCharacter: false))
        }
    }

    private mutating func endWord(_ body: (Term) -> Bool) -> Bool {
        guard !word.isEmpty else { return true }
        defer {
            word.removeAll(keepingCapacity: true)
            wordNeedsFolding = false
        }
        let text = wordNeedsFolding ? Self.folded(word) : word
        return body(Term(text: text, range: wordRange, isLoneCharacter: false))
    }

    private mutating func endRun(_ body: (Term) -> Bool) -> Bool {
        guard let last else { return true }
        defer { self.last = nil }
        guard purpose == .document || lastIsFirstOfRun else { return true }
        return body(Term(text: String(last.scalar), range: last.range, isLoneCharacter: true))
    }

    /// Lower case, and Latin letters without their accents: `Café` is found by `cafe`. Accents of other scripts stay,
    /// there they tell letters apart (Cyrillic `й` and `и`). Folding twice changes nothing: a query is folded again
    /// when SQLite tokenizes the terms that we made of it.
    static func folded(_ word: String) -> String {
        var result = String.UnicodeScalarView()
        var afterLatin = false
        for scalar in word.lowercased().decomposedStringWithCanonicalMapping.unicodeScalars {
            if (0x300...0x36F).contains(scalar.value), afterLatin { continue }
            afterLatin = scalar.isASCII
            result.append(scalar)
        }
        return String(result)
    }
}
