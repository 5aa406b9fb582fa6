/// Which faults are on, and whom they strike. Times are nanoseconds of the real clock.
package struct FaultBoard: Sendable {
    private struct Entry: Sendable {
        var fault: Fault
        var since: Int64
        var until: Int64
        var seen = 0
        var struck = 0
    }

    private var entries: [Entry] = []

    package init() {}

    /// In the order in which they came.
    package var faults: [Fault] { entries.map(\.fault) }

    /// When the next of them is over by itself; nil when none is.
    package var nextEnd: Int64? { entries.map(\.until).filter { $0 < .max }.min() }

    package mutating func add(_ fault: Fault, at now: Int64) {
        let until = fault.lasting.map { now + $0.clampedNanoseconds } ?? .max
        entries.append(Entry(fault: fault, since: now, until: until))
    }

    /// Ends all faults, or those of one kind.
    package mutating func clear(_ kind: FaultKind? = nil) {
        entries.removeAll { kind == nil || $0.fault.kind == kind }
    }

    /// Drops those whose time is over.
    package mutating func expire(at now: Int64) { entries.removeAll { $0.until <= now } }

    /// The active fault of a kind.
    package func active(_ kind: FaultKind) -> Fault? { entries.first { $0.fault.kind == kind }?.fault }

    /// Since when a kind is active.
    package func since(_ kind: FaultKind) -> Int64? { entries.first { $0.fault.kind == kind }?.since }

    package func contains(where matches: (FaultKind) -> Bool) -> Bool { entries.contains { matches($0.fault.kind) } }

    /// Whether there is nothing to ask `strike` about: the usual case, kept cheap.
    package var isEmpty: Bool { entries.isEmpty }

    /// The fault that strikes the next request: the first whose turn it is.
    package mutating func strikeAnswer() -> Fault? { strike { $0.scope == .answer } }

    /// Whether the next connection is reset.
    package mutating func strikeConnection() -> Bool { strike { $0 == .resetConnections } != nil }

    private mutating func strike(_ concerns: (FaultKind) -> Bool) -> Fault? {
        for index in entries.indices where concerns(entries[index].fault.kind) {
            entries[index].seen += 1
            let entry = entries[index]
            guard entry.seen.isMultiple(of: entry.fault.every) else { continue }
            entries[index].struck += 1
            if let times = entry.fault.times, entry.struck + 1 >= times { entries.remove(at: index) }
            return entry.fault
        }
        return nil
    }
}
