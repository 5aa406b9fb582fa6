import GRDB
import Glibc
import StokerCore

/// One open database of events, kept within its bounds.
///
/// One connection writes, reads and checkpoints: SQLite 3.40.1 (Debian 12) can lose the write-ahead log when two
/// connections write or checkpoint at the same moment. The command line reads through connections that do neither.
struct EventDatabase {
    /// Where the file is pruned to when it has reached nine tenths of its bound.
    private static let target = 0.8
    private static let batch = 256

    private let connection: DatabaseQueue
    private let path: String
    private let retention: EventRetention
    private let identity: FileIdentity?
    private let maximumPages: Int
    private var prunedAt: Timestamp

    /// Opens the file, makes it when there is none, and brings it to the present schema.
    init(path: String, retention: EventRetention, now: Timestamp) throws {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(1)
        configuration.prepareDatabase { db in
            // Before the first page is written: it cannot be changed afterwards without rewriting the file.
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            // Half a MiB of cache; the default is four times that, and the control plane has 20 MiB in all.
            try db.execute(sql: "PRAGMA cache_size = -512")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 256")
            try db.execute(sql: "PRAGMA journal_size_limit = 1048576")
        }
        connection = try DatabaseQueue(path: path, configuration: configuration)
        self.path = path
        self.retention = retention
        prunedAt = now
        maximumPages = try connection.inDatabase { db in
            let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
            let pages = max(1, Int(clamping: retention.maxSize.bytes) / max(1, pageSize))
            // SQLite itself holds the bound: whatever we overlook, the file never grows beyond it.
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
            return pages
        }
        let migrator = EventTable.migrator
        // A newer Stoker may have added to the schema; it never takes away what this one uses.
        if try connection.read(migrator.hasBeenSuperseded) == false { try migrator.migrate(connection) }
        identity = FileIdentity(path: path)
        try prune(now: now)
    }

    /// Whether the file at the path is still the one that is open, and not deleted or replaced by hand.
    var isInPlace: Bool { identity != nil && FileIdentity(path: path) == identity }

    var bytes: Int64 { (try? connection.inDatabase(Self.bytes)) ?? 0 }

    func newestID() throws -> Int64 { try connection.inDatabase(EventTable.newestID) }

    func beginIDs(after id: Int64) throws { try connection.write { try EventTable.beginIDs(after: id, in: $0) } }

    /// Writes the events, gives up older ones where there is no room, and then what is too old.
    ///
    /// - Returns: how many did not fit although room was made.
    /// - Throws: `SQLITE_FULL` when the disk is full, for then nothing can be deleted either.
    mutating func write(_ events: [Event], now: Timestamp) throws -> Int {
        let lost = try insertMakingRoom(events[...])
        let isCrowded = try connection.inDatabase(Self.usedPages) * 10 > maximumPages * 9
        if isCrowded || now.milliseconds - prunedAt.milliseconds >= 3_600_000 { try prune(now: now) }
        return lost
    }

    func events(_ query: EventQuery) throws -> [Event] {
        try connection.inDatabase { try EventTable.events(query, in: $0) }
    }

    func keep(_ record: CanaryRecord?, of model: String) throws {
        try connection.write { try CanaryTable.keep(record, of: model, in: $0) }
    }

    func canaries() throws -> [CanaryRecord] { try connection.inDatabase(CanaryTable.all) }

    /// Writes the log back into the file and closes it.
    func close() throws { try connection.close() }

    /// Halves what does not fit, so that one transaction is never more than a part of the bound.
    private func insertMakingRoom(_ events: ArraySlice<Event>) throws -> Int {
        if try fits(events) { return 0 }
        guard events.count > 1 else {
            try shrink(to: Self.target / 2)
            return try fits(events) ? 0 : 1
        }
        try shrink(to: Self.target)
        let middle = events.startIndex + events.count / 2
        return try insertMakingRoom(events[..<middle]) + insertMakingRoom(events[middle...])
    }

    /// Writes all or none; false when there is no room.
    private func fits(_ events: ArraySlice<Event>) throws -> Bool {
        do {
            try insert(events)
            return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            return false
        }
    }

    private func insert(_ events: ArraySlice<Event>) throws {
        try connection.write { db in
            for event in events { try EventTable.insert(event, into: db) }
        }
    }

    private mutating func prune(now: Timestamp) throws {
        prunedAt = now
        let limit = now.milliseconds - retention.maxAge.milliseconds
        // In batches, so that each transaction is short and its log small.
        while try deleteBatch("time < \(limit)") == Self.batch {}
        if try connection.inDatabase(Self.usedPages) * 10 > maximumPages * 9 { try shrink(to: Self.target) }
    }

    private func shrink(to share: Double) throws {
        let wanted = Int(Double(maximumPages) * share)
        while try connection.inDatabase(Self.usedPages) > wanted {
            if try deleteBatch("1") == 0 { break }
        }
        try connection.inDatabase { try $0.execute(sql: "PRAGMA incremental_vacuum") }
    }

    /// Deletes the oldest events of which the condition is true; returns how many there were.
    private func deleteBatch(_ condition: String) throws -> Int {
        try connection.write { db in
            try db.execute(
                sql: """
                    DELETE FROM event
                    WHERE id IN (SELECT id FROM event WHERE \(condition) ORDER BY id LIMIT \(Self.batch))
                    """)
            return db.changesCount
        }
    }

    private static func usedPages(_ db: Database) throws -> Int {
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        return pages - (try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0)
    }

    private static func bytes(_ db: Database) throws -> Int64 {
        let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        return pages * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
    }
}

/// Tells one file from another that later has its name.
struct FileIdentity: Equatable {
    private let device: UInt
    private let inode: UInt

    /// Nil when there is no file.
    init?(path: String) {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        device = UInt(information.st_dev)
        inode = UInt(information.st_ino)
    }
}
