import StokerWire

/// A request under way. An object, because it is changed by each read and must not be copied by any.
final class Call {
    var record = RequestRecord()
    var reader: AnswerReader
    let talker: Talker
    /// When it got hold of a connection, for the deadline of connecting.
    let began: Nanoseconds
    var lastRead: Nanoseconds = 0
    /// Whether it has been sent a second time, because the server closed an idle connection under the first.
    var isSecondTry = false

    init(_ talker: Talker, scheduled: Nanoseconds, began: Nanoseconds, endpoint: LoadTarget.Endpoint) {
        self.talker = talker
        self.began = began
        reader = AnswerReader(endpoint)
        record.scheduled = scheduled
        record.turn = talker.turn
        record.askedTokens = talker.current?.outputTokens
    }

    /// The record as it stands, with what the reader has seen.
    func closed(_ outcome: Outcome, at now: Nanoseconds) -> RequestRecord {
        var record = self.record
        record.outcome = outcome
        record.end = now
        record.status = reader.status
        record.head = reader.headAt
        record.firstToken = reader.marks.firstToken
        record.firstOutput = reader.marks.firstOutput
        record.lastToken = reader.marks.lastToken
        record.tokenEvents = reader.marks.tokenEvents
        record.coalescedEvents = reader.marks.coalescedEvents
        record.bytes = reader.byteCount
        if let usage = reader.usage {
            record.inputTokens = usage.input
            record.outputTokens = usage.output
        }
        return record
    }

    /// Which of the plan's deadlines has passed, if one has.
    func overdue(_ deadlines: LoadDeadlines, at now: Nanoseconds) -> Outcome? {
        guard record.sent > 0 else { return now - began > deadlines.connect ? .connectTimeout : nil }
        if now - record.sent > deadlines.total { return .totalTimeout }
        let hasFirst = reader.marks.firstToken > 0 || (reader.headAt > 0 && !reader.isEventStream)
        if let first = deadlines.firstToken, !hasFirst, now - record.sent > first { return .firstTokenTimeout }
        if let idle = deadlines.idle, now - max(record.sent, lastRead) > idle { return .idleTimeout }
        return nil
    }
}
