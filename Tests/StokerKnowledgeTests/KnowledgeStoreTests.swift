import Foundation
import GRDB
import StokerKnowledge
import Testing

@Suite("Knowledge store")
struct KnowledgeStoreTests {
    private let directory: TemporaryDirectory
    private let store: KnowledgeStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try KnowledgeStore(path: directory.file("k.sqlite"))
    }

    @Test("The table is the guide's, so that any tool reads it")
    func schema() async throws {
        try await store.put(NewDocument(content: "hello", tags: Tags(["a", "b"])))
        let other = try DatabaseQueue(path: store.path, configuration: .readOnly)
        let row = try other.read { try Row.fetchOne($0, sql: "SELECT * FROM knowledge") }
        #expect(row.map { Array($0.columnNames) } == ["id", "content", "tags", "created_at"])
        #expect(row?["content"] == "hello")
        #expect(row?["tags"] == "a,b")
        let indexes = try await other.read { db in try db.indexes(on: "knowledge").map { $0.name } }
        #expect(indexes == ["idx_tags"])
    }

    @Test("Writes are durable: WAL with synchronous=FULL, read from the file by a second connection at once")
    func durability() async throws {
        let other = try DatabaseQueue(path: store.path, configuration: .readOnly)
        let mode = try await other.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
        #expect(mode == "wal")
        for number in 1...20 {
            try await store.put(NewDocument(content: "document \(number)"))
            let count = try await other.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM knowledge") }
            #expect(count == number)
        }
    }

    @Test("English words find their document, the best match first")
    func english() async throws {
        try await store.put(
            NewDocument(content: "Restart the engine when the GPU memory is full."),
            NewDocument(content: "GPU memory, GPU memory, GPU memory: how to measure it."),
            NewDocument(content: "The knowledge base is a file."))
        let found = try await store.contents("gpu memory")
        #expect(found.count == 2)
        #expect(found.first?.hasPrefix("GPU memory, GPU") == true)
        #expect(try await store.contents("KNOWLEDGE file") == ["The knowledge base is a file."])
    }

    @Test(
        "Chinese words of any length find their document",
        arguments: ["知识库", "部署", "库", "SQLite", "检索层", "毫秒级响应", "wal模式"])
    func chinese(words: String) async throws {
        let wanted = "知识库部署:存储层使用SQLite+WAL模式,检索层实现毫秒级响应"
        try await store.put(NewDocument(content: "医疗行业合规与数据脱敏"), NewDocument(content: wanted))
        #expect(try await store.contents(words) == [wanted])
    }

    @Test("A whole Chinese question finds the passage that answers it, though no passage has all its characters")
    func question() async throws {
        let answer = "缓存预热:启动时加载高频知识到内存。"
        try await store.put(
            NewDocument(content: "模型蒸馏:使用小模型压缩参数。"), NewDocument(content: answer),
            NewDocument(content: "灾备方案:异地双活数据中心。"))
        #expect(try await store.contents("请问怎么做缓存预热才能让启动更快?").first == answer)
    }

    @Test("Documents with all words suffice; the others are asked only when there are too few")
    func relaxing() async throws {
        try await store.put(
            NewDocument(content: "red green"), NewDocument(content: "red only"), NewDocument(content: "green only"))
        #expect(try await store.contents("red green", limit: 1) == ["red green"])
        #expect(try await store.contents("red green", limit: 10).count == 3)
    }

    @Test("Tags are searched as well")
    func tags() async throws {
        try await store.put(NewDocument(content: "some text", tags: Tags(["operations", "运维"])))
        #expect(try await store.contents("operations") == ["some text"])
        #expect(try await store.contents("运维") == ["some text"])
    }

    @Test("Scores fall from hit to hit and are positive")
    func scores() async throws {
        for count in 1...20 {
            let words = String(repeating: "engine ", count: count) + String(repeating: "filler ", count: 30)
            try await store.put(NewDocument(content: words))
        }
        let hits = try await store.search(try #require(SearchQuery("engine filler")), limit: 20)
        #expect(hits.count == 20)
        #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.score >= $1.score })
        #expect(hits.allSatisfy { $0.score > 0 })
    }

    @Test("Storing under a known id replaces the text in table and index and keeps the creation time")
    func upsert() async throws {
        let id = try #require(try await store.put(NewDocument(content: "old words")).first)
        let created = try await store.document(id)?.createdAt
        let result = try await store.commit([.put([NewDocument(id: id, content: "new text")])])[0].get()
        #expect(result == .put(ids: [id], created: 0))
        #expect(try await store.contents("old words").isEmpty)
        #expect(try await store.contents("new text") == ["new text"])
        #expect(try await store.document(id)?.createdAt == created)
        #expect(store.documentCount == 1)
    }

    @Test("Storing under an unknown id uses it")
    func ownID() async throws {
        #expect(try await store.put(NewDocument(id: 4711, content: "mine")) == [4711])
        #expect(try await store.put(NewDocument(content: "next")) == [4712])
    }

    @Test("A deleted document is gone from table and index")
    func deletion() async throws {
        let id = try #require(try await store.put(NewDocument(content: "short lived")).first)
        #expect(await store.commit([.delete(id: id)])[0] == .success(.deleted(true)))
        #expect(await store.commit([.delete(id: id)])[0] == .success(.deleted(false)))
        #expect(try await store.contents("lived").isEmpty)
        #expect(store.documentCount == 0)
    }

    @Test("Hostile queries are words, not syntax", arguments: Self.hostile)
    func hostileQueries(text: String) async throws {
        try await store.put(NewDocument(content: "drop table knowledge near content"))
        guard let query = SearchQuery(text) else { return }
        _ = try await store.search(query, limit: 10)
        #expect(store.documentCount == 1)
    }

    private static let hostile = [
        "\"", "\"\"\"", "'; DROP TABLE knowledge; --", "NEAR(", "NEAR(a b, 5)", "a AND", "OR", "NOT", "a NOT b", "*",
        "a*", "^a",
        "content:drop", "{content tags}: x", "a + b", "(((((", "-x", "a\0b", "\u{0}", "\\", "%", "_", "知识\"库", "a\"*b",
        "🙂 drop", String(repeating: "a", count: 1 << 20), String(repeating: "(\"", count: 5000), "\u{FFFE}x",
        "AND OR NOT NEAR",
    ]

    @Test("A megabyte of different words is a search like any other")
    func hugeQuery() async throws {
        try await store.put(NewDocument(content: "w1 w2"))
        let words = (0..<150_000).map { "w\($0)" }.joined(separator: " ")
        #expect(words.utf8.count > 1 << 20)
        #expect(try await store.contents(words).count == 1)
    }

    @Test("A group is one transaction, and each of its changes reports for itself")
    func group() async throws {
        let results = await store.commit([
            .put([NewDocument(content: "a")]), .delete(id: 99),
            .put([NewDocument(content: "b"), NewDocument(content: "c")]),
        ])
        #expect(
            results == [
                .success(.put(ids: [1], created: 1)), .success(.deleted(false)),
                .success(.put(ids: [2, 3], created: 2)),
            ])
        #expect(store.documentCount == 3)
    }

    @Test("A healthy store passes its check, a broken index does not")
    func health() async throws {
        try await store.checkHealth()
        let path = directory.file("broken.sqlite")
        let broken = try KnowledgeStore(path: path)
        try await Self.breakIndex(of: broken)
        await #expect(throws: KnowledgeError.self) { try await broken.checkHealth() }
    }

    /// As a bad disk would: the index is there, the record of its structure is not.
    private static func breakIndex(of store: KnowledgeStore) async throws {
        let other = try DatabaseQueue(path: store.path)
        try await other.write { db in
            try db.execute(sql: "DELETE FROM knowledge_index_data WHERE id = 10")
        }
    }
}

extension Configuration {
    static var readOnly: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        return configuration
    }
}
