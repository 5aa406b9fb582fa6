import Dispatch
import GRDB
import Glibc
package import StokerCore

/// Keeps failovers and drills on disk, in a file of their own: what an auditor asks for must not give way to events.
///
/// Both are rare, so the file is opened for each of them and closed again: an idle control plane pays nothing for it.
/// One queue does all of that, which makes it the one writer.
package final class ContinuityStore: Sendable {
    /// Bound of the file; a drill takes about 2 KiB.
    private static let maximumPages = 16_384

    let path: String
    private let queue = DispatchQueue(label: "stoker.continuity", qos: .utility)

    /// The file at `path` is made with the first record; its directory must exist.
    package init(path: String) { self.path = path }

    /// Keeps a failover without waiting for it; `then` hears its number, on the store's own thread.
    package func keep(
        _ record: FailoverRecord, then: @escaping @Sendable (Result<Int64, EventStoreError>) -> Void = { _ in }
    ) {
        queue.async { then(self.writing { try ContinuityTable.insert(record, into: $0) }) }
    }

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(EventStoreError) -> Value {
        let result: Result<Value, EventStoreError> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.writing(work)) }
        }
        return try result.get()
    }

    private func writing<Value>(_ work: (Database) throws -> Value) -> Result<Value, EventStoreError> {
        do {
            let connection = try DatabaseQueue(path: path, configuration: Self.configuration)
            let migrator = ContinuityTable.migrator
            if try connection.read(migrator.hasBeenSuperseded) == false { try migrator.migrate(connection) }
            let value = try connection.write(work)
            try connection.close()
            return .success(value)
        } catch let error as DatabaseError {
            return .failure(.unreadable(path: path, reason: error.message ?? error.resultCode.description))
        } catch {
            return .failure(.unreadable(path: path, reason: "\(error)"))
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(1)
        configuration.prepareDatabase { db in
            // Rolled back by its journal and no log beside it: whoever reads the file reads all of it.
            try db.execute(sql: "PRAGMA journal_mode = DELETE")
            // A drill's record is evidence: it is on the disk when the fault strikes.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(maximumPages)")
        }
        return configuration
    }

    // MARK: For the command line

    /// The newest failovers first, with or without a daemon; empty when none was ever kept. Blocks.
    package static func failovers(path: String, limit: Int = 100) throws(EventStoreError) -> [FailoverRecord] {
        try reading(path, absent: []) { try ContinuityTable.failovers(limit: limit, in: $0) }
    }

    static func reading<Value>(
        _ path: String, absent: Value, _ work: (Database) throws -> Value
    ) throws(EventStoreError) -> Value {
        guard access(path, F_OK) == 0 else { return absent }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(1)
        do {
            return try DatabaseQueue(path: path, configuration: configuration).read(work)
        } catch let error as DatabaseError {
            throw .unreadable(path: path, reason: error.message ?? error.resultCode.description)
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
    }
}
