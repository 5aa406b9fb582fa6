import GRDB
import StokerCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The tables of failovers and drills.
enum ContinuityTable {
    /// Failovers kept; the oldest give way. Drills never do.
    static let maximumFailovers = 10_000

    /// Steps that bring a database of any age to the present schema. A step that was released is never changed.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: failovers") { db in
            try db.execute(
                sql: """
                    CREATE TABLE failover (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        time INTEGER NOT NULL,
                        model TEXT NOT NULL,
                        record TEXT NOT NULL
                    );
                    """)
        }
        migrator.registerMigration("2: drills") { try $0.execute(sql: DrillTable.schema) }
        return migrator
    }

    static func insert(_ record: FailoverRecord, into db: Database) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO failover (time, model, record) VALUES (?, ?, ?)",
            arguments: [record.at.milliseconds, record.model, try json(record)])
        let id = db.lastInsertedRowID
        try db.execute(sql: "DELETE FROM failover WHERE id <= ?", arguments: [id - Int64(maximumFailovers)])
        return id
    }

    /// Newest first.
    static func failovers(limit: Int, in db: Database) throws -> [FailoverRecord] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT id, record FROM failover ORDER BY id DESC LIMIT ?", arguments: [limit])
        return rows.compactMap { row in
            var record: FailoverRecord? = decoded(row["record"])
            record?.id = row["id"]
            return record
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Nil for what a newer Stoker wrote and this one does not understand.
    static func decoded<Value: Decodable>(_ text: String?) -> Value? {
        text.flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }
}
