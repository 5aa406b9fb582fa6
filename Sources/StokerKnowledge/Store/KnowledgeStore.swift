import Foundation
import GRDB
import Glibc
import Synchronization

/// The documents and their index in one SQLite file.
///
/// One connection writes and checkpoints; the readers are read-only connections, which never checkpoint.
package final class KnowledgeStore: Sendable {
    package let path: String
    private let pool: DatabasePool
    private let lock: DatabaseLock
    private let documents: Atomic<Int>

    /// Opens the database, creates it and its directory if need be, and brings its tables up to date.
    package init(path: String) throws(KnowledgeError) {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard (try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)) != nil
        else { throw KnowledgeError(.cannotOpen, "cannot create the directory \(directory) for the database") }
        lock = try DatabaseLock(database: path)
        self.path = path
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration)
            try KnowledgeSchema.migrator.migrate(pool)
            documents = Atomic(try pool.writeWithoutTransaction(Self.prepareWriter))
        } catch {
            throw KnowledgeError(.cannotOpen, "cannot open \(path): \(Self.text(of: error))")
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "knowledge"
        // Searches are CPU work on a local file: more readers than cores only wait for each other.
        configuration.maximumReaderCount = max(2, ProcessInfo.processInfo.activeProcessorCount)
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { $0.add(tokenizer: IndexTokenizer.self) }
        return configuration
    }

    /// Returns how many documents there are.
    private static func prepareWriter(_ db: Database) throws -> Int {
        // GRDB sets NORMAL when it opens a WAL database: then a power cut may take back what was acknowledged.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        // The WAL file shrinks to this after a checkpoint, else it keeps its largest size for ever.
        try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
        return try Int.fetchOne(db, sql: "SELECT count(*) FROM knowledge") ?? 0
    }

    /// How many documents there are now.
    package var documentCount: Int { documents.load(ordering: .relaxed) }

    /// Bytes of the database file and of its write-ahead log.
    package var fileSizes: (database: Int64, log: Int64) { (Self.size(of: path), Self.size(of: path + "-wal")) }

    private static func size(of path: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.size] as? Int64 ?? 0
    }

    /// The best documents for a query, best first.
    ///
    /// Documents with all terms are found fast; only when there are too few of them, those with any term are ranked as
    /// well. A question in whole sentences needs the latter, a few chosen words the former.
    package func search(_ query: SearchQuery, limit: Int) async throws(KnowledgeError) -> [SearchHit] {
        try await read { db in
            let strict = try Self.rank(query.matchingAll, for: query, limit: limit, in: db)
            guard strict.count < limit, query.terms.count > 1 else { return strict }
            return try Self.rank(query.matchingAny, for: query, limit: limit, in: db)
        }
    }

    private static let rankSQL = """
        SELECT knowledge.id, content, tags, strftime('%Y-%m-%dT%H:%M:%SZ', created_at) AS created_at, found.rank
        FROM (SELECT rowid, rank FROM knowledge_index WHERE knowledge_index MATCH ? ORDER BY rank LIMIT ?) AS found
        JOIN knowledge ON knowledge.id = found.rowid
        ORDER BY found.rank, knowledge.id
        """

    private static func rank(
        _ expression: String, for query: SearchQuery, limit: Int, in db: Database
    ) throws -> [SearchHit] {
        let statement = try db.cachedStatement(sql: rankSQL)
        return try Row.fetchAll(statement, arguments: [expression, limit]).map { row in
            let document = Document(row: row)
            // FTS5 ranks from -∞ (best) to 0, so that ORDER BY needs no DESC.
            return SearchHit(
                document: document, score: -(row["rank"] as Double? ?? 0),
                snippet: Snippet.of(document.content, for: query))
        }
    }

    /// The document of that id, nil when there is none.
    package func document(_ id: Int64) async throws(KnowledgeError) -> Document? {
        try await read { db in
            let sql = """
                SELECT id, content, tags, strftime('%Y-%m-%dT%H:%M:%SZ', created_at) AS created_at
                FROM knowledge WHERE id = ?
                """
            return try Row.fetchOne(try db.cachedStatement(sql: sql), arguments: [id]).map(Document.init(row:))
        }
    }

    /// Reads a row and the index from the file; throws when either cannot be read.
    package func checkHealth() async throws(KnowledgeError) {
        try await read { db in
            _ = try Row.fetchOne(db, sql: "SELECT id, content FROM knowledge ORDER BY id DESC LIMIT 1")
            _ = try Row.fetchOne(db, sql: "SELECT rowid FROM knowledge_index WHERE knowledge_index MATCH 'a' LIMIT 1")
        }
    }

    private func read<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(KnowledgeError) -> Value {
        do {
            return try await pool.read(work)
        } catch is CancellationError {
            throw KnowledgeError(.closing, "the request was given up")
        } catch {
            throw KnowledgeError(.storage, "the database cannot be read: \(Self.text(of: error))")
        }
    }

    /// Makes the changes in one transaction and returns once it is on the disk, with one result each, in order.
    ///
    /// A change that fails leaves the others alone. Not cancellable: half a group is nobody's wish.
    package func commit(_ requests: [WriteRequest]) async -> [Result<WriteReceipt, KnowledgeError>] {
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in
                continuation.resume(returning: self.commitNow(requests, in: db))
            }
        }
    }

    private func commitNow(_ requests: [WriteRequest], in db: Database) -> [Result<WriteReceipt, KnowledgeError>] {
        var results: [Result<WriteReceipt, KnowledgeError>] = []
        do {
            try db.inTransaction(.immediate) {
                for request in requests { results.append(try Self.perform(request, in: db)) }
                return .commit
            }
        } catch {
            let failure = KnowledgeError(.storage, "the database cannot be written: \(Self.text(of: error))")
            return requests.map { _ in .failure(failure) }
        }
        let growth = results.reduce(0) { sum, result in sum + ((try? result.get().growth) ?? 0) }
        documents.add(growth, ordering: .relaxed)
        return results
    }

    /// One change within its own savepoint. Throws only when SQLite has rolled back the whole transaction (disk full).
    private static func perform(
        _ request: WriteRequest, in db: Database
    ) throws -> Result<WriteReceipt, KnowledgeError> {
        var receipt: WriteReceipt?
        do {
            try db.inSavepoint {
                receipt = try request.perform(in: db)
                return .commit
            }
        } catch {
            guard db.isInsideTransaction else { throw error }
            return .failure(KnowledgeError(.storage, "the document cannot be stored: \(text(of: error))"))
        }
        return receipt.map { .success($0) } ?? .failure(KnowledgeError(.storage, "nothing was stored"))
    }

    /// SQLite's words without the SQL and its arguments, which may hold a user's text.
    private static func text(of error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return "\(error.message ?? "unknown error") (SQLite \(error.extendedResultCode.rawValue))"
    }
}

extension Document {
    fileprivate init(row: Row) {
        self.init(
            id: row["id"], content: row["content"], tags: Tags((row["tags"] as String?).map { [$0] } ?? []),
            createdAt: row["created_at"] ?? "")
    }
}
