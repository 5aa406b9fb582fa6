/// A failover of one model that is not closed yet: all that was observed of it.
struct OpenFailover: Sendable {
    let model: String
    /// Backends in the gateway's rotation before the first was lost.
    let usableBefore: Int
    var lost: [LostBackend]
    /// When as many backends as before were in rotation, though not the same.
    private var capacityBack: BootTime?

    init(model: String, usableBefore: Int, lost: [LostBackend]) {
        self.model = model
        self.usableBefore = usableBefore
        self.lost = lost
    }

    /// When the first loss was noticed.
    var detected: BootTime { lost.map(\.detected).min() ?? BootTime(nanoseconds: 0) }

    /// Whether the backend belongs to it and is not back.
    func lacks(_ name: String) -> Bool { lost.contains { $0.name == name && $0.restored == nil && $0.closed == nil } }

    func has(_ key: LostBackend.Key) -> Bool { lost.contains { $0.losses[key] != nil } }

    /// Whether something seen of a backend at that time is about a loss that is known here already.
    func mayExplain(_ name: String, at time: BootTime) -> Bool {
        lost.contains { lost in
            guard lost.name == name, lost.detected - time <= FailoverClock.tolerance else { return false }
            return lost.restored.map { time < $0 } ?? true
        }
    }

    /// Whether one more is a part of it: lost at about the same time.
    func takes(_ other: LostBackend) -> Bool {
        guard !lost.contains(where: { $0.name == other.name }) else { return false }
        return lost.contains { abs($0.detected, other.detected) <= FailoverClock.together }
    }

    mutating func note(_ name: String, _ change: (inout LostBackend) -> Void) {
        for index in lost.indices where lost[index].name == name { change(&lost[index]) }
    }

    /// Backends that have left the model do not come back to it.
    mutating func leave(at now: BootTime, _ isGone: (String) -> Bool) {
        for index in lost.indices where isGone(lost[index].name) {
            lost[index].closed = lost[index].closed ?? ("\(lost[index].name) has left the config", now)
        }
    }

    mutating func noteCapacity(_ count: Int, at now: BootTime) {
        // Not before the gateway knows of the loss: until then it counts the lost one as well.
        let isKnown = lost.allSatisfy { lost in lost.losses.values.contains { $0.isOut } }
        if isKnown, capacityBack == nil, count >= usableBefore { capacityBack = now }
    }

    /// When the model was whole again; nil while it is not.
    var restored: BootTime? {
        let times = lost.map(\.restored)
        let all = times.contains { $0 == nil } ? nil : times.compactMap { $0 }.max()
        return [all, capacityBack].compactMap { $0 }.min()
    }

    // MARK: The end

    /// Whether all of it is known that ever will be.
    func isDone(at now: BootTime) -> Bool {
        if now - detected >= FailoverClock.patience { return true }
        let ends = lost.map { $0.restored ?? $0.closed?.at }
        let isOver = restored ?? (ends.contains { $0 == nil } ? nil : ends.compactMap { $0 }.max())
        return isOver.map { now - $0 >= FailoverClock.settling } ?? false
    }

    /// All that was observed, put in order.
    func record(at wall: Timestamp) -> FailoverRecord {
        let lost = lost.sorted { $0.detected < $1.detected }
        let (origin, start) = lost.first?.origin ?? (.detection, detected)
        // Each part is bounded by the one before: parts that two processes saw may cross by microseconds.
        let seen = max(start, detected)
        let served = lost.compactMap { $0.served(of: model) }.max { $0.at < $1.at }
        let decided = lost.compactMap(\.decided).max().map { max(seen, min($0, served?.at ?? $0)) }
        var record = FailoverRecord(
            model: model, at: wall, causes: lost.map(\.cause), origin: origin, detectedSeconds: seconds(seen, start))
        record.drill = lost.lazy.compactMap(\.drill).first
        record.decidedSeconds = decided.map { seconds($0, start) }
        record.servedSeconds = served.map { seconds(max($0.at, seen), start) }
        record.servedBy = served?.by
        record.restoredSeconds = restored.map { seconds(max($0, seen), start) }
        if restored == nil { record.unfinished = unfinished }
        record.counts = lost.reduce(FailoverCounts()) { $0 + $1.counts(of: model) }
        return record
    }

    private var unfinished: String {
        let reasons = lost.filter { $0.restored == nil }.map {
            $0.closed?.why ?? "\($0.name) did not come back within \(FailoverClock.patience.spoken)"
        }
        return reasons.joined(separator: ", ")
    }

    private func seconds(_ time: BootTime, _ start: BootTime) -> Double { max(0, (time - start).inSeconds) }

    private func abs(_ left: BootTime, _ right: BootTime) -> Duration { left > right ? left - right : right - left }
}
