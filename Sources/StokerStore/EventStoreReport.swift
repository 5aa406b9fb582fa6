/// What the store can say about itself, for metrics and for the person who misses an event.
package struct EventStoreReport: Sendable, Equatable {
    /// Why an event was not kept.
    package enum DropReason: String, Sendable, CaseIterable {
        /// Events came faster than the disk took them.
        case queueFull = "queue_full"
        /// The disk, or the bound of the database, is full.
        case diskFull = "disk_full"
        /// The database cannot be opened or written.
        case unwritable
        /// The store was closed already.
        case closed
    }

    /// Events written since the start.
    package var recorded: UInt64 = 0
    /// Events lost since the start, by reason.
    package var dropped: [DropReason: UInt64] = [:]
    /// Events that wait to be written.
    package var queued = 0
    /// Databases that were found damaged and moved aside since the start.
    package var replaced: UInt64 = 0
    /// Size of the database without its write-ahead log; 0 before it was opened.
    package var databaseBytes: Int64 = 0
    /// What went wrong last; nil once a later write worked.
    package var fault: String?
}

/// Why events cannot be read.
package enum EventStoreError: Error, Equatable, Sendable {
    /// No database at this path: no daemon has run here yet, or the path is wrong.
    case missing(path: String)
    /// There is one and it cannot be read.
    case unreadable(path: String, reason: String)
}

extension EventStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let path): "\(path) does not exist: nothing has been recorded there yet"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        }
    }
}
