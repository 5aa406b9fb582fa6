/// Counts of durations, exact to three significant digits from 1 µs to 1 h: adding two is the same as having recorded
/// into one, which averages of percentiles never are.
///
/// An HDR histogram that keeps only the range of slots in use. A run has hundreds of them (parts × measures × loops),
/// and latencies of one kind lie within two powers of ten: a fifth of what an array from zero would take.
package struct LatencyHistogram: Sendable, Equatable {
    /// Beyond it everything counts as this.
    package static let highest: Nanoseconds = 3_600_000_000_000
    /// Slots are added this many at a time: growing is rare, and equal contents have equal arrays.
    private static let page = 256

    /// Counts of `firstSlot` and those after it. One that is full stays so: 4.2 thousand million of one slot.
    private(set) var slots: [UInt32] = []
    private(set) var firstSlot = 0
    package private(set) var count = 0
    /// In microseconds; for a mean that does not depend on slot edges.
    private(set) var sum = 0.0
    private var lowestSeen = UInt64.max
    private var highestSeen: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Takes one value in; a negative one counts as 0.
    package mutating func record(_ value: Nanoseconds) {
        let microseconds = UInt64(Swift.min(Swift.max(0, value), Self.highest)) / 1000
        let slot = HDRLayout.slot(of: microseconds)
        if slot < firstSlot || slot >= firstSlot &+ slots.count { cover(slot, slot) }
        slots[slot &- firstSlot] = Self.saturated(slots[slot &- firstSlot], 1)
        count &+= 1
        sum += Double(microseconds)
        lowestSeen = Swift.min(lowestSeen, microseconds)
        highestSeen = Swift.max(highestSeen, microseconds)
    }

    /// Takes in all that another one counted.
    package mutating func add(_ other: LatencyHistogram) {
        guard !other.isEmpty else { return }
        cover(other.firstSlot, other.firstSlot + other.slots.count - 1)
        let offset = other.firstSlot - firstSlot
        for index in other.slots.indices {
            slots[offset + index] = Self.saturated(slots[offset + index], other.slots[index])
        }
        count += other.count
        sum += other.sum
        lowestSeen = Swift.min(lowestSeen, other.lowestSeen)
        highestSeen = Swift.max(highestSeen, other.highestSeen)
    }

    /// The value that `fraction` (0 to 1) of all values do not exceed; nil when there are none.
    package func quantile(_ fraction: Double) -> Nanoseconds? {
        // One ulp less, so that rounding up does not reach into the next rank.
        let rank = (Swift.min(Swift.max(0, fraction), 1).nextDown * Double(count)).rounded(.up)
        return value(atRank: Swift.max(1, Int(rank)))
    }

    /// The `rank`-th smallest value, from 1, at the upper edge of its slot; nil when there are fewer.
    package func value(atRank rank: Int) -> Nanoseconds? {
        guard rank >= 1, rank <= count else { return nil }
        var seen = 0
        for (index, counted) in slots.enumerated() where counted > 0 {
            seen += Int(counted)
            if seen >= rank {
                return Nanoseconds(Swift.min(HDRLayout.highest(of: firstSlot + index), highestSeen)) * 1000
            }
        }
        return max
    }

    package var mean: Nanoseconds? { isEmpty ? nil : Nanoseconds(sum / Double(count) * 1000) }
    package var max: Nanoseconds? { isEmpty ? nil : Nanoseconds(highestSeen) * 1000 }
    package var min: Nanoseconds? { isEmpty ? nil : Nanoseconds(lowestSeen) * 1000 }

    /// How far values stray from their mean (of all, not of a sample); nil when there are none.
    package var deviation: Nanoseconds? {
        guard !isEmpty else { return nil }
        let mean = sum / Double(count)
        var squares = 0.0
        for (index, counted) in slots.enumerated() where counted > 0 {
            let slot = firstSlot + index
            let distance = Double(HDRLayout.lowest(of: slot) + HDRLayout.highest(of: slot)) / 2 - mean
            squares += distance * distance * Double(counted)
        }
        return Nanoseconds((squares / Double(count)).squareRoot() * 1000)
    }

    /// How many values lie above this one, to the width of a slot.
    package func count(above value: Nanoseconds) -> Int {
        let slot = HDRLayout.slot(of: UInt64(Swift.min(Swift.max(0, value), Self.highest)) / 1000)
        guard slot >= firstSlot else { return count }
        return slots.dropFirst(slot - firstSlot + 1).reduce(0) { $0 + Int($1) }
    }

    /// Bytes of the slots.
    package var footprint: Int { slots.capacity * MemoryLayout<UInt32>.stride }

    private static func saturated(_ left: UInt32, _ right: UInt32) -> UInt32 {
        let (sum, isTooMuch) = left.addingReportingOverflow(right)
        return isTooMuch ? .max : sum
    }

    private mutating func cover(_ low: Int, _ high: Int) {
        let first = low / Self.page * Self.page
        let end = (high / Self.page + 1) * Self.page
        guard !slots.isEmpty else {
            firstSlot = first
            slots = [UInt32](repeating: 0, count: end - first)
            return
        }
        let oldEnd = firstSlot + slots.count
        guard first < firstSlot || end > oldEnd else { return }
        var grown: [UInt32] = []
        grown.reserveCapacity(Swift.max(end, oldEnd) - Swift.min(first, firstSlot))
        grown.append(contentsOf: repeatElement(0, count: Swift.max(0, firstSlot - first)))
        grown.append(contentsOf: slots)
        grown.append(contentsOf: repeatElement(0, count: Swift.max(0, end - oldEnd)))
        firstSlot = Swift.min(first, firstSlot)
        slots = grown
    }
}

extension LatencyHistogram {
    /// What a log keeps beside the counts, so that mean, least and most survive to the microsecond.
    struct Exact: Sendable, Codable, Equatable {
        var sum: Double
        var lowest: UInt64
        var highest: UInt64
    }

    var exact: Exact { Exact(sum: sum, lowest: lowestSeen, highest: highestSeen) }

    /// From counts by slot, as a log has them; without `exact`, edges of slots stand for the values.
    ///
    /// Every slot must be below `HDRLayout.slotCount`.
    init(counts: [(slot: Int, count: UInt32)], exact: Exact? = nil) {
        guard let first = counts.first?.slot, let last = counts.last?.slot else { return }
        cover(first, last)
        for (slot, counted) in counts {
            slots[slot - firstSlot] = counted
            count += Int(counted)
            sum += Double(HDRLayout.lowest(of: slot) + HDRLayout.highest(of: slot)) / 2 * Double(counted)
        }
        // What a file says beside its counts is believed as far as the counts allow.
        let bounds = HDRLayout.lowest(of: first)...HDRLayout.highest(of: last)
        lowestSeen = Swift.min(Swift.max(exact?.lowest ?? 0, bounds.lowerBound), bounds.upperBound)
        highestSeen = Swift.max(Swift.min(exact?.highest ?? .max, bounds.upperBound), lowestSeen)
        sum = exact?.sum ?? sum
        sum = Swift.min(Swift.max(sum, Double(lowestSeen) * Double(count)), Double(highestSeen) * Double(count))
    }
}
