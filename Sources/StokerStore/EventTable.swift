import GRDB
import StokerCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The table of events: its schema, and the way of an event into a row and back.
enum EventTable {
    /// Steps that bring a database of any age to the present schema.
    ///
    /// A step that was released is never changed.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: events") { db in
            // AUTOINCREMENT: an id is never given twice, also not after the newest were deleted, so that a follower
            // that remembers the last id it saw misses nothing.
            try db.execute(
                sql: """
                    CREATE TABLE event (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        time INTEGER NOT NULL,
                        severity INTEGER NOT NULL,
                        kind TEXT NOT NULL,
                        subject TEXT,
                        message TEXT NOT NULL,
                        evidence TEXT NOT NULL
                    );
                    CREATE INDEX event_time ON event (time);
                    CREATE INDEX event_subject ON event (subject, id);
                    """)
        }
        migrator.registerMigration("2: canaries") { try $0.execute(sql: CanaryTable.schema) }
        return migrator
    }

    static func insert(_ event: Event, into db: Database) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO event (time, severity, kind, subject, message, evidence) VALUES (?, ?, ?, ?, ?, ?)")
        try statement.execute(arguments: [
            event.time.milliseconds, rank(of: event.severity), event.kind.rawValue, event.subject, event.message,
            String(decoding: try JSONEncoder().encode(event.evidence), as: UTF8.self),
        ])
    }

    /// The newest events that fit the query, oldest of them first.
    static func events(_ query: EventQuery, in db: Database) throws -> [Event] {
        var conditions = ["severity >= ?"]
        var arguments: StatementArguments = [rank(of: query.minimumSeverity)]
        if let after = query.after {
            conditions.append("id > ?")
            arguments += [after]
        }
        if let since = query.since {
            conditions.append("time >= ?")
            arguments += [since.milliseconds]
        }
        if let subject = query.subject {
            conditions.append("subject = ?")
            arguments += [subject]
        }
        arguments += [max(1, min(query.limit, 10_000))]
        let rows = try Row.fetchAll(
            db, sql: "SELECT * FROM event WHERE \(conditions.joined(separator: " AND ")) ORDER BY id DESC LIMIT ?",
            arguments: arguments)
        return rows.reversed().compactMap(event)
    }

    /// The largest id ever given; 0 in a new database.
    static func newestID(in db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'event'") ?? 0
    }

    /// Makes the next id larger than this one.
    static func beginIDs(after id: Int64, in db: Database) throws {
        try db.execute(sql: "DELETE FROM sqlite_sequence WHERE name = 'event'")
        try db.execute(sql: "INSERT INTO sqlite_sequence (name, seq) VALUES ('event', ?)", arguments: [id])
    }

    /// Nil for a row that a newer Stoker wrote with a kind that this one does not know.
    private static func event(_ row: Row) -> Event? {
        guard let id: Int64 = row["id"], let time: Int64 = row["time"], let kindText: String = row["kind"],
            let kind = Event.Kind(rawValue: kindText), let rank: Int = row["severity"],
            let message: String = row["message"]
        else { return nil }
        let evidence: String = row["evidence"] ?? "[]"
        return Event(
            id: id, time: Timestamp(milliseconds: time), severity: severity(ofRank: rank), kind: kind,
            subject: row["subject"], message: message,
            evidence: (try? JSONDecoder().decode([String].self, from: Data(evidence.utf8))) ?? [evidence])
    }

    private static func rank(of severity: Event.Severity) -> Int {
        Event.Severity.allCases.firstIndex(of: severity) ?? 0
    }

    private static func severity(ofRank rank: Int) -> Event.Severity {
        let all = Event.Severity.allCases
        return all[max(0, min(rank, all.count - 1))]
    }
}
