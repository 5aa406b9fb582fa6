import GRDB

/// One change of the database: done whole or not at all.
package enum WriteRequest: Sendable {
    case put([NewDocument])
    case delete(id: Int64)
    /// Replaces what was imported from the file before, unless it was the same file.
    case seed(SeedFile)

    /// What it weighs in the queue.
    var bytes: Int {
        switch self {
        case .put(let documents): documents.reduce(0) { $0 + $1.bytes }
        case .delete: 16
        case .seed(let file): file.passages.reduce(0) { $0 + $1.utf8.count }
        }
    }
}

/// What a change did. Handed out only once it is on the disk.
package enum WriteReceipt: Sendable, Equatable {
    /// `ids` in the order of the request; `created` of them are new, the rest replaced an older content.
    case put(ids: [Int64], created: Int)
    /// false: there was no such document.
    case deleted(Bool)
    /// Both 0: the file was imported before and is unchanged.
    case seeded(added: Int, removed: Int)

    /// By how much the number of documents changed.
    var growth: Int {
        switch self {
        case .put(_, let created): created
        case .deleted(let existed): existed ? -1 : 0
        case .seeded(let added, let removed): added - removed
        }
    }
}

/// A file cut into passages.
package struct SeedFile: Sendable, Equatable {
    /// Relative to the seed directory; says which file it is.
    package var path: String
    /// Differs when the bytes differ.
    package var fingerprint: String
    package var passages: [String]

    package init(path: String, fingerprint: String, passages: [String]) {
        self.path = path
        self.fingerprint = fingerprint
        self.passages = passages
    }
}

extension WriteRequest {
    /// Makes the change inside the transaction that is open.
    func perform(in db: Database) throws -> WriteReceipt {
        switch self {
        case .put(let documents): try Self.put(documents, in: db)
        case .delete(let id): .deleted(try Self.delete(id, in: db))
        case .seed(let file): try Self.seed(file, in: db)
        }
    }

    private static func put(_ documents: [NewDocument], in db: Database) throws -> WriteReceipt {
        var created = 0
        let ids = try documents.map { document in
            if let id = document.id, try replace(id, with: document, in: db) { return id }
            created += 1
            return try insert(document, in: db)
        }
        return .put(ids: ids, created: created)
    }

    private static func insert(_ document: NewDocument, in db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(sql: "INSERT INTO knowledge(id, content, tags) VALUES (?, ?, ?)")
        try statement.execute(arguments: [document.id, document.content, document.tags.text])
        return db.lastInsertedRowID
    }

    /// Returns false when nothing has that id. `created_at` stays: the document is the same, its text is new.
    private static func replace(_ id: Int64, with document: NewDocument, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "UPDATE knowledge SET content = ?, tags = ? WHERE id = ?")
        try statement.execute(arguments: [document.content, document.tags.text, id])
        return db.changesCount > 0
    }

    private static func delete(_ id: Int64, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "DELETE FROM knowledge WHERE id = ?")
        try statement.execute(arguments: [id])
        return db.changesCount > 0
    }

    private static func seed(_ file: SeedFile, in db: Database) throws -> WriteReceipt {
        let known = try String.fetchOne(
            db, sql: "SELECT fingerprint FROM seed_file WHERE path = ?", arguments: [file.path])
        guard known != file.fingerprint else { return .seeded(added: 0, removed: 0) }
        let before = try Int64.fetchAll(
            db, sql: "SELECT document_id FROM seed_passage WHERE path = ?", arguments: [file.path])
        for id in before { _ = try delete(id, in: db) }
        for passage in file.passages {
            let id = try insert(NewDocument(content: passage, tags: Tags([file.path])), in: db)
            try db.execute(
                sql: "INSERT INTO seed_passage(document_id, path) VALUES (?, ?)", arguments: [id, file.path])
        }
        try db.execute(
            sql: "INSERT OR REPLACE INTO seed_file(path, fingerprint) VALUES (?, ?)",
            arguments: [file.path, file.fingerprint])
        return .seeded(added: file.passages.count, removed: before.count)
    }
}
