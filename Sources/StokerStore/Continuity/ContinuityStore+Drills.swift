package import StokerCore

/// Drills are only added to: not even this program can change or delete one.
extension ContinuityStore {
    /// Writes down that a drill begins; returns its number once that is on the disk.
    package func begin(_ record: DrillRecord) async throws(EventStoreError) -> Int64 {
        try await write { try DrillTable.begin(record, in: $0) }
    }

    /// Writes down how it ended, once.
    package func end(_ record: DrillRecord) async throws(EventStoreError) {
        try await write { try DrillTable.end(record, in: $0) }
    }

    /// Those that began and never ended.
    package func openDrills() throws(EventStoreError) -> [DrillRecord] {
        try Self.reading(path, absent: []) { try DrillTable.drills(limit: 100, openOnly: true, in: $0) }
    }

    /// The newest drills first, with or without a daemon; empty when there was never one. Blocks.
    package static func drills(path: String, limit: Int = 100) throws(EventStoreError) -> [DrillRecord] {
        try reading(path, absent: []) { try DrillTable.drills(limit: limit, in: $0) }
    }
}
