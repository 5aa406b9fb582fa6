import GRDB
import StokerCore

/// The tables of drills. Two, because nothing in them is ever changed: how a drill began, and how it ended.
enum DrillTable {
    static let schema = """
        CREATE TABLE drill (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            time INTEGER NOT NULL,
            record TEXT NOT NULL
        );
        CREATE TABLE drill_end (
            drill INTEGER PRIMARY KEY REFERENCES drill (id),
            time INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            record TEXT NOT NULL
        );
        CREATE TRIGGER drill_kept BEFORE DELETE ON drill BEGIN SELECT RAISE(ABORT, 'drills are kept'); END;
        CREATE TRIGGER drill_fixed BEFORE UPDATE ON drill BEGIN SELECT RAISE(ABORT, 'drills are kept'); END;
        CREATE TRIGGER drill_end_kept BEFORE DELETE ON drill_end BEGIN SELECT RAISE(ABORT, 'drills are kept'); END;
        CREATE TRIGGER drill_end_fixed BEFORE UPDATE ON drill_end BEGIN SELECT RAISE(ABORT, 'drills are kept'); END;
        """

    static func begin(_ record: DrillRecord, in db: Database) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO drill (time, record) VALUES (?, ?)",
            arguments: [record.startedAt.milliseconds, try ContinuityTable.json(record)])
        return db.lastInsertedRowID
    }

    static func end(_ record: DrillRecord, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO drill_end (drill, time, verdict, record) VALUES (?, ?, ?, ?)",
            arguments: [
                record.id, record.endedAt?.milliseconds ?? 0, record.verdict?.rawValue ?? "",
                try ContinuityTable.json(record),
            ])
    }

    /// Newest first, as they ended, else as they began.
    static func drills(limit: Int, openOnly: Bool = false, in db: Database) throws -> [DrillRecord] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT drill.id AS id, coalesce(drill_end.record, drill.record) AS record
                FROM drill LEFT JOIN drill_end ON drill_end.drill = drill.id
                \(openOnly ? "WHERE drill_end.drill IS NULL" : "") ORDER BY drill.id DESC LIMIT ?
                """, arguments: [limit])
        return rows.compactMap { row in
            var record: DrillRecord? = ContinuityTable.decoded(row["record"])
            record?.id = row["id"]
            return record
        }
    }
}
