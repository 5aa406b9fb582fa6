import Foundation
import GRDB
import StokerKnowledge
import Testing

@Suite("Opening a knowledge store")
struct KnowledgeOpeningTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func refusal(of path: String) -> String {
        do {
            _ = try KnowledgeStore(path: path)
            return "opened"
        } catch {
            return error.code == .cannotOpen ? error.message : "wrong code: \(error)"
        }
    }

    @Test("What was stored is there after closing and opening, and the directory is made if need be")
    func reopening() async throws {
        let path = directory.file("deep/er/k.sqlite")
        try await KnowledgeStore(path: path).put(NewDocument(content: "kept"))
        let again = try KnowledgeStore(path: path)
        #expect(again.documentCount == 1)
        #expect(try await again.contents("kept") == ["kept"])
    }

    @Test("A second writer is refused with the holder's pid")
    func secondWriter() throws {
        let path = directory.file("k.sqlite")
        let first = try KnowledgeStore(path: path)
        let message = refusal(of: path)
        #expect(message.contains("held by another"))
        #expect(message.contains("pid \(ProcessInfo.processInfo.processIdentifier)"))
        withExtendedLifetime(first) {}
    }

    @Test("A file that is no database is refused in words")
    func noDatabase() throws {
        try directory.write(String(repeating: "this is a text, not a database. ", count: 100), to: "k.sqlite")
        #expect(refusal(of: directory.file("k.sqlite")).contains("not a database"))
    }

    @Test("A directory in the place of the file, and a file in the place of the directory, are refused")
    func wrongKind() throws {
        try directory.write("x", to: "file")
        #expect(refusal(of: directory.file("file/k.sqlite")).contains("cannot create"))
        #expect(refusal(of: directory.path).contains("cannot open"))
    }

    @Test("A database with the guide's table is taken over with its rows")
    func adoption() async throws {
        let path = directory.file("guide.sqlite")
        let guide = try DatabaseQueue(path: path)
        try await guide.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE knowledge (id INTEGER PRIMARY KEY, content TEXT NOT NULL, tags TEXT,
                        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
                    INSERT INTO knowledge(content, tags) VALUES ('旧的知识', 'old');
                    """)
        }
        try guide.close()
        let store = try KnowledgeStore(path: path)
        #expect(store.documentCount == 1)
        #expect(try await store.contents("知识") == ["旧的知识"])
    }

    @Test("Killed in the middle of writes: every acknowledged document is there, file and index are sound")
    func crash() async throws {
        let path = directory.file("k.sqlite")
        let store = try KnowledgeStore(path: path)
        for round in 0..<10 {
            for number in 0..<20 { try await store.put(NewDocument(content: "round \(round) number \(number)")) }
            // What a kill -9 leaves: the files as they are now; nobody closed, nobody checkpointed.
            let crashed = directory.file("crash-\(round).sqlite")
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: crashed + suffix)
            }
            let survivor = try KnowledgeStore(path: crashed)
            #expect(survivor.documentCount == (round + 1) * 20)
            #expect(try await survivor.contents("round \(round) number 19", limit: 1).count == 1)
            #expect(try Self.integrity(of: survivor) == "ok")
        }
    }

    /// SQLite's own check, by a connection of its own.
    private static func integrity(of store: KnowledgeStore) throws -> String? {
        try DatabaseQueue(path: store.path, configuration: .readOnly).read { db in
            try String.fetchOne(db, sql: "PRAGMA integrity_check")
        }
    }

    @Test("A torn write at the end of the log costs only what was never acknowledged")
    func tornLog() async throws {
        let path = directory.file("k.sqlite")
        let store = try KnowledgeStore(path: path)
        try await store.put(NewDocument(content: "whole"))
        let torn = directory.file("torn.sqlite")
        try FileManager.default.copyItem(atPath: path, toPath: torn)
        var log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        log.append(Data(repeating: 0xA5, count: 5000))
        try log.write(to: URL(fileURLWithPath: torn + "-wal"))
        let survivor = try KnowledgeStore(path: torn)
        #expect(try await survivor.contents("whole") == ["whole"])
    }

    @Test("Another process reads while this one writes, and always sees whole groups")
    func concurrentReader() async throws {
        let store = try KnowledgeStore(path: directory.file("k.sqlite"))
        let reader = try DatabaseQueue(path: store.path, configuration: .readOnly)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<50 {
                    let pair = [NewDocument(content: "left \(number)"), NewDocument(content: "right \(number)")]
                    _ = try await store.commit([.put(pair)])[0].get()
                }
            }
            group.addTask {
                for _ in 0..<200 {
                    let count = try await reader.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM knowledge") }
                    #expect((count ?? 1).isMultiple(of: 2))
                }
            }
            try await group.waitForAll()
        }
        #expect(store.documentCount == 100)
    }
}
