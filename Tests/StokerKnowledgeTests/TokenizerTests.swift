import StokerKnowledge
import Testing

private func texts(_ text: String, for purpose: Tokenizer.Purpose = .document) -> [String] {
    Tokenizer.terms(in: text, for: purpose).map(\.text)
}

@Suite("Tokenizer")
struct TokenizerTests {
    @Test("English is cut at everything that is no letter or digit, in lower case")
    func english() {
        #expect(
            texts("Set CUDA_VISIBLE_DEVICES=0, then run `stoker check`!")
                == ["set", "cuda", "visible", "devices", "0", "then", "run", "stoker", "check"])
    }

    @Test("Chinese becomes overlapping pairs, and in documents the last character alone as well")
    func chinese() {
        #expect(texts("知识库") == ["知识", "识库", "库"])
        #expect(texts("知识库", for: .query) == ["知识", "识库"])
    }

    @Test("A query of one Chinese character is that character")
    func loneCharacter() {
        let terms = Tokenizer.terms(in: "库", for: .query)
        #expect(terms.map(\.text) == ["库"])
        #expect(terms.first?.isLoneCharacter == true)
    }

    @Test("Scripts are parted where they meet")
    func mixed() {
        #expect(texts("使用SQLite数据库", for: .query) == ["使用", "sqlite", "数据", "据库"])
        #expect(texts("GPU利用率80%", for: .query) == ["gpu", "利用", "用率", "80"])
    }

    @Test(
        "Chinese punctuation ends a run", arguments: ["部署,模型", "部署。模型", "部署 模型", "部署、模型", "「部署」模型", "部署\u{3000}模型"])
    func punctuation(text: String) {
        #expect(texts(text, for: .query) == ["部署", "模型"])
    }

    @Test("Full-width letters and digits are the plain ones")
    func fullWidth() {
        #expect(texts("GPU80") == ["gpu80"])
    }

    @Test(
        "Accents of Latin letters and case do not matter",
        arguments: [("Café", "cafe"), ("ÜBER", "uber"), ("İstanbul", "istanbul"), ("e\u{301}t\u{e9}", "ete")])
    func folding(word: String, folded: String) {
        #expect(texts(word) == [folded])
    }

    @Test("Marks of other scripts stay, they tell letters apart")
    func otherMarks() {
        #expect(texts("мой") != texts("мои"))
        #expect(texts("МОЙ") == texts("мой"))
    }

    @Test(
        "Japanese, Korean and Thai are cut into pairs",
        arguments: [("モデル", ["モデ", "デル"]), ("데이터", ["데이", "이터"]), ("ไทย", ["ไท", "ทย"])])
    func otherUnspaced(text: String, pairs: [String]) {
        #expect(texts(text, for: .query) == pairs)
    }

    @Test("Each term says where it stands, in bytes")
    func ranges() {
        let text = "Das 知识库 é!"
        for term in Tokenizer.terms(in: text, for: .document) {
            let bytes = Array(text.utf8)[term.range]
            #expect(texts(String(decoding: bytes, as: UTF8.self)).first == term.text)
        }
    }

    @Test("Tokenizing a term again gives the same term: SQLite does it with every query")
    func idempotent() {
        let text = "Größe Éclair ΑΒΓ Йод नमस्ते 知识库 モデル ÇA İ ß fi Å 80 中"
        for term in Tokenizer.terms(in: text, for: .query) {
            #expect(texts(term.text, for: .query) == [term.text])
        }
    }

    @Test(
        "Hostile texts give no terms and no crash",
        arguments: ["", " ", "\0\0", "🙂🙂", "\u{FFFD}", "'\"*()", "\u{202E}"])
    func nothing(text: String) {
        #expect(texts(text).isEmpty)
    }

    @Test("The reader may stop early")
    func stop() {
        var seen = 0
        Tokenizer.scan("a b c d", for: .document) { _ in
            seen += 1
            return seen < 2
        }
        #expect(seen == 2)
    }
}

@Suite("Search query")
struct SearchQueryTests {
    @Test("Terms are quoted, never syntax")
    func quoting() {
        let query = SearchQuery("NEAR(foo bar) OR \"baz* NOT content:x")
        #expect(
            query?.matchingAll
                == #""near" AND "foo" AND "bar" AND "or" AND "baz" AND "not" AND "content" AND "x""#)
    }

    @Test("Any term: the same terms, joined by OR")
    func any() {
        #expect(SearchQuery("模型部署")?.matchingAny == #""模型" OR "型部" OR "部署""#)
    }

    @Test("A lone character asks for everything that begins with it")
    func prefix() {
        #expect(SearchQuery("库")?.matchingAll == #""库"*"#)
    }

    @Test("A repeated term counts once, and no more terms than the bound are taken")
    func bounds() {
        #expect(SearchQuery("a a A b")?.terms.count == 2)
        let long = (0..<1000).map { "w\($0)" }.joined(separator: " ")
        #expect(SearchQuery(long)?.terms.count == SearchQuery.maxTerms)
    }

    @Test("Nothing to search for is nil", arguments: ["", "  ", "***", "\"\"", "?!。", "\0"])
    func empty(text: String) {
        #expect(SearchQuery(text) == nil)
    }
}
