import Foundation
import StokerCore
import StokerKnowledge
import Testing

@Suite("Seeds")
struct SeedDirectoryTests {
    private let directory: TemporaryDirectory
    private let store: KnowledgeStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try KnowledgeStore(path: directory.file("k.sqlite"))
        try directory.write("# Start\n\nRun `make run`.\n\n# 停止\n\n按下 Ctrl-C 即可停止。\n", to: "docs/a.md")
        try directory.write("plain text", to: "docs/deep/b.txt")
        try directory.write("not imported", to: "docs/c.html")
        try directory.write("hidden", to: "docs/.git/d.md")
    }

    private func load() async throws -> SeedDirectory.Summary {
        let seeds = try SeedDirectory(path: directory.file("docs"))
        let commits = GroupCommit(store: store, limits: KnowledgeLimits())
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await commits.run() }
            let summary = try await seeds.load(through: commits)
            group.cancelAll()
            return summary
        }
    }

    @Test("Markdown and text files are imported as passages, others and hidden ones are not")
    func importing() async throws {
        #expect(try await load() == .init(files: 2, added: 3))
        #expect(try await store.contents("make run").first == "Start\n\nRun `make run`.")
        #expect(try await store.contents("停止").count == 1)
        #expect(try await store.contents("hidden").isEmpty)
    }

    @Test("A passage is tagged with its file")
    func tagging() async throws {
        _ = try await load()
        let hit = try await store.search(try #require(SearchQuery("plain")), limit: 1).first
        #expect(hit?.document.tags.names == ["deep/b.txt"])
    }

    @Test("Importing again changes nothing")
    func again() async throws {
        _ = try await load()
        #expect(try await load() == .init(files: 2))
        #expect(store.documentCount == 3)
    }

    @Test("A passage that a person deleted stays deleted while its file is unchanged")
    func deletedByHand() async throws {
        _ = try await load()
        _ = await store.commit([.delete(id: 1)])
        _ = try await load()
        #expect(store.documentCount == 2)
    }

    @Test("A changed file replaces its passages, and only its own")
    func changed() async throws {
        _ = try await load()
        try directory.write("# Start\n\nType `stoker run`.\n", to: "docs/a.md")
        #expect(try await load() == .init(files: 2, added: 1, removed: 2))
        #expect(try await store.contents("make").isEmpty)
        #expect(try await store.contents("停止").isEmpty)
        #expect(try await store.contents("plain").count == 1)
    }

    @Test("Binary and oversized files are named and left out")
    func skipping() async throws {
        try Data([0xFF, 0xFE, 0x00]).write(to: URL(fileURLWithPath: directory.file("docs/bin.txt")))
        try directory.write(String(repeating: "x", count: SeedDirectory.maxFileBytes + 1), to: "docs/huge.md")
        let summary = try await load()
        #expect(summary.skipped == ["bin.txt: not a UTF-8 text", "huge.md: larger than 8 MiB"])
        #expect(summary.files == 2)
    }

    @Test("What is no directory is refused in words")
    func refused() throws {
        #expect(throws: KnowledgeError.self) { try SeedDirectory(path: directory.file("none")) }
        #expect(throws: KnowledgeError.self) { try SeedDirectory(path: directory.file("docs/a.md")) }
    }
}
