import StokerCore

/// Events that wait for the disk, bounded in number and in bytes, and the count of what was lost.
struct EventBacklog {
    /// Most events that wait; beyond it the newest is dropped, because the first ones hold the cause.
    static let maximumCount = 10_000
    /// Most bytes of text that wait, for the evidence of an event may be long.
    static let maximumBytes = 8 << 20

    private var waiting: [Event] = []
    private var bytes = 0
    private var isDraining = false
    private(set) var isClosed = false
    private(set) var dropped: [EventStoreReport.DropReason: UInt64] = [:]

    var count: Int { waiting.count }

    /// Takes an event in, or counts it as lost.
    ///
    /// True when somebody has to be sent to drain.
    mutating func add(_ event: Event) -> Bool {
        if isClosed {
            drop(1, .closed)
            return false
        }
        let size = event.textSize
        guard waiting.count < Self.maximumCount, bytes + size <= Self.maximumBytes else {
            drop(1, .queueFull)
            return false
        }
        waiting.append(event)
        bytes += size
        defer { isDraining = true }
        return !isDraining
    }

    /// The oldest events, as many as one transaction should hold; empty ends the draining.
    mutating func take(_ limit: Int = 500) -> [Event] {
        let batch = Array(waiting.prefix(limit))
        waiting.removeFirst(batch.count)
        bytes -= batch.reduce(0) { $0 + $1.textSize }
        if batch.isEmpty { isDraining = false }
        return batch
    }

    /// Puts a batch back that could not be written now, and ends the draining: the next event begins it anew.
    mutating func putBack(_ batch: [Event]) {
        waiting = batch + waiting
        bytes += batch.reduce(0) { $0 + $1.textSize }
        isDraining = false
    }

    mutating func drop(_ count: Int, _ reason: EventStoreReport.DropReason) {
        dropped[reason, default: 0] += UInt64(count)
    }

    /// Lets no further event in.
    mutating func close() { isClosed = true }
}

extension Event {
    /// Most bytes of the message, of one line of evidence and of all evidence; a log line may be of any length.
    private static let maximumText = 4 << 10
    private static let maximumEvidence = 64 << 10

    /// Bytes of text that the event holds.
    var textSize: Int {
        evidence.reduce(message.utf8.count + (subject?.utf8.count ?? 0)) { $0 + $1.utf8.count }
    }

    /// The event with its texts cut to what is kept, each cut marked with an ellipsis.
    var bounded: Event {
        var event = self
        event.message = Self.cut(message)
        event.subject = subject.map(Self.cut)
        var room = Self.maximumEvidence
        event.evidence = evidence.map(Self.cut).prefix { line in
            room -= line.utf8.count
            return room >= 0
        }
        if event.evidence.count < evidence.count { event.evidence.append("…") }
        return event
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumText else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: maximumText - 3)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return text[..<end] + "…"
    }
}
