package import StokerCore
import Synchronization

/// The last finished requests, for `stoker top` and the API: as many as the config says, in memory only.
///
/// One critical section of a few stores a request; a reader copies a few records at a time, so that no event loop ever
/// waits for one that reads all.
package final class RecentRequests: Sendable {
    /// Records copied in one critical section: about 10 µs.
    private static let stretch = 64

    private let ring: Mutex<RecordRing>

    /// - Parameter capacity: how many are kept; 0 keeps none.
    package init(capacity: Int) { ring = Mutex(RecordRing(capacity: capacity)) }

    /// Takes a finished request in and gives it its sequence; the oldest makes room.
    package func append(_ record: consuming FinishedRequest) {
        // Exchanged, so that what the oldest alone held is freed outside of the lock.
        var record = record
        ring.withLock { $0.put(&record) }
    }

    /// Keeps more or fewer from now on; of those that are there, the newest.
    package func resize(to capacity: Int) {
        _ = ring.withLock { $0.resize(to: capacity) }
    }

    /// The newest that match, newest last, and the newest sequence of all.
    package func page(_ query: RequestQuery) -> RequestPage {
        let newest = ring.withLock { $0.newest }
        // Numbers begin anew with each gateway: whoever is ahead of this one speaks of an earlier one.
        let after = query.after.flatMap { $0 <= newest ? $0 : nil } ?? 0
        var found: [FinishedRequest] = []
        var upper = newest
        while upper > after, found.count < query.limit {
            let lower = max(after, upper - Int64(Self.stretch))
            let records = ring.withLock { $0.records(after: lower, upTo: upper) }
            // What is older has made room already.
            if records.isEmpty { break }
            found += records.reversed().lazy.filter(query.matches).prefix(query.limit - found.count)
            upper = lower
        }
        return RequestPage(next: newest, requests: found.reversed())
    }
}

/// Records in the order of their sequences, the newest instead of the oldest once it is full.
struct RecordRing {
    private var capacity: Int
    private var slots: [FinishedRequest] = []
    /// Place of the oldest; 0 until the ring is full.
    private var oldest = 0
    /// Sequence of the newest, 0 before the first.
    private(set) var newest: Int64 = 0

    init(capacity: Int) {
        self.capacity = max(0, capacity)
        // Untouched pages cost nothing, and no event loop has to copy a growing array.
        slots.reserveCapacity(self.capacity)
    }

    /// Exchanges a record for the one that makes room, if any has to.
    mutating func put(_ record: inout FinishedRequest) {
        newest += 1
        record.sequence = newest
        guard capacity > 0 else { return }
        guard slots.count == capacity else { return slots.append(record) }
        swap(&slots[oldest], &record)
        oldest = oldest + 1 == capacity ? 0 : oldest + 1
    }

    /// Returns what was there, to be freed elsewhere.
    mutating func resize(to capacity: Int) -> [FinishedRequest] {
        guard capacity != self.capacity else { return [] }
        let all = Array(slots[oldest...] + slots[..<oldest])
        self.capacity = max(0, capacity)
        slots = []
        slots.reserveCapacity(self.capacity)
        slots += all.suffix(self.capacity)
        oldest = 0
        return all
    }

    /// Those with `after` < sequence ≤ `last` that are still there, in order.
    func records(after: Int64, upTo last: Int64) -> [FinishedRequest] {
        let first = max(after + 1, newest - Int64(slots.count) + 1)
        guard first <= last, last <= newest else { return [] }
        return (first...last).map { sequence in
            slots[(oldest + slots.count - 1 - Int(newest - sequence)) % slots.count]
        }
    }
}
