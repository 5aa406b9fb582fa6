import GRDB
import StokerCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The table of canaries: how the one of each model stands, for the next control plane.
enum CanaryTable {
    /// A record is one text: nobody looks for its parts.
    static let schema = "CREATE TABLE canary (model TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID"

    /// Keeps the record of a model in place of the one before; nil: none.
    static func keep(_ record: CanaryRecord?, of model: String, in db: Database) throws {
        guard let record else {
            return try db.execute(sql: "DELETE FROM canary WHERE model = ?", arguments: [model])
        }
        let text = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
        try db.execute(sql: "INSERT OR REPLACE INTO canary (model, record) VALUES (?, ?)", arguments: [model, text])
    }

    /// All that can be read; what a newer Stoker wrote in another form is left out.
    static func all(in db: Database) throws -> [CanaryRecord] {
        try String.fetchAll(db, sql: "SELECT record FROM canary ORDER BY model").compactMap {
            try? JSONDecoder().decode(CanaryRecord.self, from: Data($0.utf8))
        }
    }
}
