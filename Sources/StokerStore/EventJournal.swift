import GRDB
import Glibc
import StokerCore

/// Keeps a database of events open as long as that is possible, and replaces one that is damaged.
///
/// Synchronous; the store calls it on a thread of its own.
struct EventJournal {
    /// How many damaged databases are kept for whoever wants to look into them.
    private static let keptAside = 2

    private let path: String
    private let retention: EventRetention
    private let now: @Sendable () -> Timestamp
    private var database: EventDatabase?
    private var newestID: Int64 = 0
    /// What this journal knows; the queue's part of it is filled in by the store.
    private(set) var report = EventStoreReport()

    init(path: String, retention: EventRetention, now: @escaping @Sendable () -> Timestamp) {
        self.path = path
        self.retention = retention
        self.now = now
    }

    /// What became of a batch.
    enum Outcome: Equatable {
        /// In the database, all but so many for which there is no room.
        case written(lost: Int)
        /// Another program holds the database; the batch may be offered again.
        case busy
        case dropped(EventStoreReport.DropReason)
    }

    /// Writes a batch; never throws, because nothing that happens to the events may happen to the daemon.
    mutating func write(_ batch: [Event]) -> Outcome {
        do {
            let lost = try writeOrThrow(batch)
            report.recorded += UInt64(batch.count - lost)
            report.fault = lost > 0 ? "\(lost) of \(batch.count) events do not fit into the database" : nil
            return .written(lost: lost)
        } catch {
            report.fault = Self.text(of: error)
            switch (error as? DatabaseError)?.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                return .busy
            case .SQLITE_FULL:
                return .dropped(.diskFull)
            default:
                // The next batch opens the file anew: what was wrong with it may have been repaired.
                close()
                return .dropped(.unwritable)
            }
        }
    }

    /// Events that fit the query; opens the database if it has to.
    mutating func events(_ query: EventQuery) throws(EventStoreError) -> [Event] {
        do {
            return try opened().events(query)
        } catch {
            report.fault = Self.text(of: error)
            throw .unreadable(path: path, reason: Self.text(of: error))
        }
    }

    /// Keeps how a canary stands; what is in the way is told by `report`.
    mutating func keep(_ record: CanaryRecord?, of model: String) {
        do {
            try opened().keep(record, of: model)
        } catch {
            report.fault = Self.text(of: error)
        }
    }

    /// The canaries that were kept; none when the database cannot be read.
    mutating func canaries() -> [CanaryRecord] {
        do {
            return try opened().canaries()
        } catch {
            report.fault = Self.text(of: error)
            return []
        }
    }

    mutating func close() {
        // It cannot be helped: what was committed is in the log and is found by the next start.
        try? database?.close()
        database = nil
    }

    private mutating func writeOrThrow(_ batch: [Event]) throws -> Int {
        do {
            return try attempt(batch)
        } catch let error as DatabaseError where Self.isDamage(error) {
            try replaceDamaged(error)
            return try attempt(batch)
        }
    }

    private mutating func attempt(_ batch: [Event]) throws -> Int {
        var open = try opened()
        let lost = try open.write(batch, now: now())
        database = open
        newestID = try open.newestID()
        report.databaseBytes = open.bytes
        return lost
    }

    private mutating func opened() throws -> EventDatabase {
        if let database, database.isInPlace { return database }
        close()
        do {
            return try open()
        } catch let error as DatabaseError where Self.isDamage(error) {
            return try replaceDamaged(error)
        }
    }

    @discardableResult
    private mutating func open() throws -> EventDatabase {
        let fresh = try EventDatabase(path: path, retention: retention, now: now())
        database = fresh
        newestID = max(newestID, try fresh.newestID())
        return fresh
    }

    private static func isDamage(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
    }

    private static func text(of error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? error.resultCode.description
    }

    /// Moves the damaged file aside, begins a new one, and says so in its first event.
    @discardableResult
    private mutating func replaceDamaged(_ cause: DatabaseError) throws -> EventDatabase {
        close()
        let time = now()
        let aside = "\(path).corrupt-\(time.milliseconds / 1000)"
        // The log belongs to the damaged file; what it holds is of use only beside it.
        guard rename(path, aside) == 0 else { throw cause }
        rename("\(path)-wal", "\(aside)-wal")
        unlink("\(path)-shm")
        Aside.keepNewest(Self.keptAside, of: path)
        report.replaced += 1
        var fresh = try open()
        // Ids go on ascending for whoever follows them. If this process never saw one, the time is larger than any.
        try fresh.beginIDs(after: newestID > 0 ? newestID : time.milliseconds / 1000)
        let event = Event(
            time: time, severity: .warning, kind: .storeReplaced, subject: path,
            message: "The database of events was damaged; earlier events are in \(aside).",
            evidence: [Self.text(of: cause)])
        report.recorded += UInt64(1 - (try fresh.write([event], now: time)))
        database = fresh
        return fresh
    }
}
