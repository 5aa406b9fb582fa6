import GRDB
import Glibc
package import StokerCore

extension EventStore {
    /// Reads events from the file, with or without a daemon that writes to it meanwhile.
    ///
    /// Blocks for as long as the disk takes, so it is for the command line. It changes nothing: it never writes, never
    /// checkpoints, and needs no right to write the directory.
    package static func read(path: String, query: EventQuery) throws(EventStoreError) -> [Event] {
        try reading(path) { try EventTable.events(query, in: $0) }
    }

    /// The largest id given so far, 0 if none: where to begin to follow.
    package static func newestID(path: String) throws(EventStoreError) -> Int64 {
        try reading(path, EventTable.newestID)
    }

    private static func reading<Value>(
        _ path: String, _ work: (Database) throws -> Value
    ) throws(EventStoreError) -> Value {
        guard access(path, F_OK) == 0 else { throw .missing(path: path) }
        do {
            return try connection(path).read(work)
        } catch let error as DatabaseError {
            throw .unreadable(path: path, reason: error.message ?? error.resultCode.description)
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
    }

    private static func connection(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(1)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -512") }
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN && isAtRest(path) {
            // A database in WAL mode wants to make its log beside it even for reading. Where we may not, and no log is
            // there, the file holds everything and can be read as one that nobody changes.
            return try DatabaseQueue(path: "file:\(escaped(path))?immutable=1", configuration: configuration)
        }
    }

    /// Whether no log lies beside the file: the daemon that wrote it has closed it.
    private static func isAtRest(_ path: String) -> Bool { access("\(path)-wal", F_OK) != 0 }

    /// The path as a URI spells it.
    private static func escaped(_ path: String) -> String {
        path.replacing("%", with: "%25").replacing("?", with: "%3f").replacing("#", with: "%23")
    }
}
