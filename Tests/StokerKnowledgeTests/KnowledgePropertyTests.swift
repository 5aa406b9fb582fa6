import StokerCore
import StokerKnowledge
import Testing

/// Texts made to hurt: words of several scripts, query syntax, SQL, controls, all in one.
private struct TextSource {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private static let parts = [
        "知识库", "部署", "模型", "毫秒", "GPU", "café", "naïve", "데이터", "ไทย", "モデル", "नमस्ते", "word", "NEAR(", "AND", "OR",
        "NOT", "\"", "'",
        "*", "^", ":", "(", ")", "{", "}", "+", "-", "--", ";", "DROP TABLE", "\\", "%", "\0", "\n", "\t", "🔥", "👩‍👩‍👧",
        "\u{301}", "\u{202E}",
        "\u{FFFD}", "\u{FEFF}", "\u{10FFFF}", "A", "İ", "ß", "1", "12", " ", "  ", ",", "。", "# ", "```", "\r\n",
    ]

    mutating func text(parts count: Int) -> String {
        (0..<count).map { _ in Self.parts.randomElement(using: &random) ?? "" }.joined()
    }

    mutating func scalars(_ count: Int) -> String {
        var text = String.UnicodeScalarView()
        while text.count < count {
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random)) { text.append(scalar) }
        }
        return String(text)
    }
}

@Suite("Knowledge, whatever the text")
struct KnowledgePropertyTests {
    @Test("No text makes a search fail", arguments: [1, 2, 3] as [UInt64])
    func searching(seed: UInt64) async throws {
        let directory = try TemporaryDirectory()
        let store = try KnowledgeStore(path: directory.file("k.sqlite"))
        var source = TextSource(seed: seed)
        for _ in 0..<150 {
            let content = source.text(parts: 20).filter { $0 != "\0" }
            try await store.put(NewDocument(content: content))
            guard let query = SearchQuery(source.text(parts: 6)) else { continue }
            let hits = try await store.search(query, limit: 5)
            #expect(hits.allSatisfy { $0.score >= 0 && $0.snippet.count <= Snippet.length + 2 })
        }
    }

    @Test("Each stretch of a Chinese text finds it, wherever it begins and however long it is")
    func anyStretch() async throws {
        let directory = try TemporaryDirectory()
        let store = try KnowledgeStore(path: directory.file("k.sqlite"))
        let text = "存储层使用写前日志模式支持每秒两百次以上写入检索层结合向量索引实现毫秒级响应"
        try await store.put(NewDocument(content: text), NewDocument(content: "医疗行业合规部署与审计追踪"))
        for start in text.indices {
            for length in 1...7 {
                let stretch = String(text[start...].prefix(length))
                #expect(try await store.contents(stretch).contains(text), "\(stretch)")
            }
        }
    }

    @Test(
        "Terms stand in order, inside the text, on whole characters, and are stable", arguments: [4, 5, 6] as [UInt64])
    func tokenizing(seed: UInt64) {
        var source = TextSource(seed: seed)
        for round in 0..<200 {
            let text = round.isMultiple(of: 2) ? source.text(parts: 30) : source.scalars(60)
            let terms = Tokenizer.terms(in: text, for: .document)
            #expect(zip(terms, terms.dropFirst()).allSatisfy { $0.range.lowerBound <= $1.range.lowerBound })
            let bytes = Array(text.utf8)
            for term in terms {
                #expect(term.range.upperBound <= bytes.count && !term.range.isEmpty && !term.text.isEmpty)
                #expect(String(validating: bytes[term.range], as: UTF8.self) != nil)
            }
        }
    }

    @Test("Folding a term again changes nothing, in any script", arguments: [7, 8] as [UInt64])
    func stability(seed: UInt64) {
        var source = TextSource(seed: seed)
        for _ in 0..<300 {
            for term in Tokenizer.terms(in: source.scalars(40), for: .query) {
                let again = Tokenizer.terms(in: term.text, for: .query).map(\.text).joined()
                #expect(again == term.text, "\(term.text.unicodeScalars.map { $0.value })")
            }
        }
    }

    @Test("Passages hold all words of any text and none is too long", arguments: [9, 10, 11] as [UInt64])
    func passages(seed: UInt64) {
        var source = TextSource(seed: seed)
        for _ in 0..<20 {
            let text = source.text(parts: 1500)
            let passages = Passages.of(text)
            #expect(passages.allSatisfy { $0.count <= Passages.maxLength })
            // By scalars: an accent alone after a space is trimmed with it, and says nothing.
            let kept = Set(passages.joined().unicodeScalars)
            let lost = Set(text.unicodeScalars.filter { !$0.properties.isWhitespace && $0 != "#" && $0 != "\u{301}" })
                .subtracting(kept)
            #expect(lost.isEmpty, "\(lost)")
        }
    }

    @Test("What is stored is given back to the byte", arguments: [12, 13] as [UInt64])
    func roundTrip(seed: UInt64) async throws {
        let directory = try TemporaryDirectory()
        let store = try KnowledgeStore(path: directory.file("k.sqlite"))
        var source = TextSource(seed: seed)
        for _ in 0..<50 {
            let content = source.scalars(80).unicodeScalars.filter { $0 != "\0" }.reduce(into: "") {
                $0.unicodeScalars.append($1)
            }
            let id = try #require(try await store.put(NewDocument(content: content)).first)
            let back = try await store.document(id)?.content
            #expect(back.map { Array($0.utf8) } == Array(content.utf8))
        }
    }
}
