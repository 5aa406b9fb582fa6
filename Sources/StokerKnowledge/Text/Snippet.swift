/// The part of a document that shows why it was found.
package struct Snippet {
    /// Longest snippet, in characters, without the ellipses.
    package static let length = 160
    /// Only so much of a document is looked at (in characters), so that a search costs the same for long documents.
    package static let scanned = 16_384

    /// The stretch of `content` with the most different terms of the query; its beginning when none is near.
    package static func of(_ content: String, for query: SearchQuery) -> String {
        let isShort = content.index(content.startIndex, offsetBy: length, limitedBy: content.endIndex) == nil
        if isShort { return cut(content, from: content.startIndex) }
        let text = String(content.prefix(scanned))
        let hits = hits(in: text, of: query)
        let start = bestStart(hits, window: length)
        return cut(content, from: lead(text, before: start))
    }

    private struct Hit {
        var offset: Int
        var term: String
    }

    private static func hits(in text: String, of query: SearchQuery) -> [Hit] {
        let wanted = Set(query.terms.lazy.filter { !$0.isLoneCharacter }.map(\.text))
        let prefixes = query.terms.filter(\.isLoneCharacter).map(\.text)
        var hits: [Hit] = []
        Tokenizer.scan(text, for: .document) { term in
            if wanted.contains(term.text) {
                hits.append(Hit(offset: term.range.lowerBound, term: term.text))
            } else if let prefix = prefixes.first(where: { term.text.hasPrefix($0) }) {
                hits.append(Hit(offset: term.range.lowerBound, term: prefix))
            }
            return true
        }
        return hits
    }

    /// The byte offset at which a window holds the most different terms; the first such one.
    private static func bestStart(_ hits: [Hit], window: Int) -> Int {
        var counts: [String: Int] = [:]
        var best = (count: 0, offset: 0)
        var left = 0
        for right in hits.indices {
            counts[hits[right].term, default: 0] += 1
            while hits[right].offset - hits[left].offset > window {
                let term = hits[left].term
                counts[term] = counts[term, default: 1] - 1 == 0 ? nil : counts[term, default: 1] - 1
                left += 1
            }
            if counts.count > best.count { best = (counts.count, hits[left].offset) }
        }
        return best.offset
    }

    /// A few words before the hit, for context: where the line begins, or the last space within 40 characters.
    private static func lead(_ text: String, before offset: Int) -> String.Index {
        let hit = text.utf8.index(text.startIndex, offsetBy: offset)
        let earliest = text.index(hit, offsetBy: -40, limitedBy: text.startIndex) ?? text.startIndex
        let before = text[earliest..<hit]
        if let newline = before.lastIndex(where: \.isNewline) { return text.index(after: newline) }
        if earliest == text.startIndex { return earliest }
        guard let space = before.firstIndex(where: \.isWhitespace) else { return earliest }
        return text.index(after: space)
    }

    private static func cut(_ content: String, from start: String.Index) -> String {
        let end = content.index(start, offsetBy: length, limitedBy: content.endIndex) ?? content.endIndex
        // One line: a snippet stands in lists and tables.
        let line = content[start..<end].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return (start > content.startIndex ? "…" : "") + line + (end < content.endIndex ? "…" : "")
    }
}
