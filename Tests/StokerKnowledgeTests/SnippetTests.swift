import StokerKnowledge
import Testing

@Suite("Snippet")
struct SnippetTests {
    private func snippet(_ content: String, _ words: String) throws -> String {
        Snippet.of(content, for: try #require(SearchQuery(words)))
    }

    @Test("A short document is its own snippet, on one line")
    func short() throws {
        #expect(try snippet("# Title\n\nSome   text.", "text") == "# Title Some text.")
    }

    @Test("A long document shows the place with most of the words")
    func densest() throws {
        let filler = String(repeating: "nothing of interest here. ", count: 40)
        let content = filler + "gpu alone. " + filler + "The gpu memory is full. " + filler
        let found = try snippet(content, "memory gpu full")
        #expect(found.contains("The gpu memory is full."))
        #expect(found.hasPrefix("…") && found.hasSuffix("…"))
        #expect(found.count <= Snippet.length + 2)
    }

    @Test("Chinese text is shown around the hit")
    func chinese() throws {
        let filler = String(repeating: "这里没有什么有趣的内容。", count: 30)
        #expect(try snippet(filler + "缓存预热可以加快启动。" + filler, "缓存预热").contains("缓存预热可以加快启动"))
    }

    @Test("Without a hit near, the beginning is shown")
    func noHit() throws {
        #expect(try snippet(String(repeating: "a b ", count: 100), "zebra").hasPrefix("a b a b"))
    }

    @Test("A lone character is found within its pairs")
    func lone() throws {
        let filler = String(repeating: "x ", count: 200)
        #expect(try snippet(filler + "数据库", "库").contains("数据库"))
    }
}

@Suite("Passages")
struct PassagesTests {
    @Test("A short text is one passage")
    func one() {
        #expect(Passages.of("Hello.\n\nWorld.\n") == ["Hello.\n\nWorld."])
    }

    @Test("Each section has its own passages, each with the heading on top")
    func sections() {
        let text = "intro\n\n# One\n\nalpha\n\n## Two\nbeta\n\n# Empty\n"
        #expect(Passages.of(text) == ["intro", "One\n\nalpha", "Two\n\nbeta"])
    }

    @Test("A long section is cut at paragraphs, the heading repeated")
    func paragraphs() {
        let paragraph = String(repeating: "word ", count: 120).trimming()
        let passages = Passages.of("# Head\n\n\(paragraph)\n\n\(paragraph)\n\n\(paragraph)")
        #expect(passages.count == 3)
        #expect(passages.allSatisfy { $0 == "Head\n\n" + paragraph })
    }

    @Test(
        "No passage is longer than the bound and none of the text is lost",
        arguments: [
            String(repeating: "没有空格的中文长句子一直写下去", count: 300), String(repeating: "x", count: 10_000),
            String(repeating: "One sentence. ", count: 400), String(repeating: "句子。", count: 2000),
        ])
    func bound(text: String) {
        let passages = Passages.of("# H\n\n" + text)
        #expect(passages.allSatisfy { $0.count <= Passages.maxLength })
        let joined = passages.map { $0.dropFirst("H\n\n".count) }.joined().filter { !$0.isWhitespace }
        #expect(joined == text.filter { !$0.isWhitespace })
    }

    @Test("A long sentence is cut after a sentence, Chinese ones too")
    func sentences() {
        let passages = Passages.of(String(repeating: "这是一个完整的句子。", count: 300))
        #expect(passages.allSatisfy { $0.hasSuffix("。") })
    }

    @Test("A `#` inside fenced code is no heading, and empty lines do not part the code")
    func fence() {
        let text = "# Run\n\n```sh\n# comment\n\nmake run\n```\n"
        #expect(Passages.of(text) == ["Run\n\n```sh\n# comment\n\nmake run\n```"])
    }

    @Test("Nothing gives nothing", arguments: ["", "\n\n \n", "# Only a heading\n", "#hashtag-less\r\n\r\n"])
    func nothing(text: String) {
        #expect(Passages.of(text).count <= 1)
    }

    @Test("A file of one huge line is cut in time that grows with its length")
    func hugeLine() {
        let passages = Passages.of(String(repeating: "abcdefghi ", count: 100_000))
        #expect(passages.count >= 800)
    }
}

extension String {
    fileprivate func trimming() -> String { split(separator: " ").joined(separator: " ") }
}

@Suite("Tags")
struct TagsTests {
    @Test("Tags come from lists and from commas, trimmed, once each")
    func reading() {
        #expect(Tags(["a, b", "b", " c  d ", "", ","]).names == ["a", "b", "c d"])
    }

    @Test("What is stored is read back", arguments: [[], ["x"], ["知识", "b c"]])
    func roundTrip(names: [String]) {
        let tags = Tags(names)
        #expect(Tags(tags.text.map { [$0] } ?? []) == tags)
        #expect(names.isEmpty == (tags.text == nil))
    }
}
