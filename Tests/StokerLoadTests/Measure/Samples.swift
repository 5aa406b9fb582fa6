import StokerCore
import StokerLoad

/// Requests and runs as the engine would have measured them.
enum Samples {
    static let ms: Nanoseconds = 1_000_000
    static let second: Nanoseconds = 1_000_000_000

    /// A streamed answer that went well.
    static func answer(
        at scheduled: Nanoseconds, lag: Nanoseconds = 100_000, ttft: Nanoseconds = 50 * ms, gap: Nanoseconds = 10 * ms,
        tokens: Int = 11
    ) -> RequestRecord {
        var record = RequestRecord()
        record.scheduled = scheduled
        record.sent = scheduled + lag
        record.head = record.sent + ttft / 2
        record.firstToken = record.sent + ttft
        record.firstOutput = record.firstToken
        record.lastToken = record.firstToken + gap * Int64(tokens - 1)
        record.end = record.lastToken + 10_000
        record.tokenEvents = tokens
        record.outputTokens = tokens
        record.inputTokens = 100
        record.bytes = 250 * tokens
        record.status = 200
        record.isReused = true
        return record
    }

    /// A request that ended otherwise, 5 ms after it was sent.
    static func failure(_ outcome: Outcome, at scheduled: Nanoseconds) -> RequestRecord {
        var record = RequestRecord()
        record.scheduled = scheduled
        if outcome != .dropped {
            record.sent = scheduled + 100_000
            record.end = record.sent + 5 * ms
        }
        record.outcome = outcome
        return record
    }

    /// Answers at a steady rate whose TTFT and gaps vary with the seed.
    static func tally(
        requests: Int = 3000, rate: Int64 = 10, ttft: Nanoseconds = 50 * ms, seed: UInt64 = 1,
        objective: Objective = Objective()
    ) -> Tally {
        var generator = SeededGenerator(seed: seed)
        var tally = Tally(partLength: second / rate * Int64(requests) / 32 + 1)
        for number in 0..<requests {
            let record = answer(
                at: Int64(number) * second / rate, ttft: ttft / 2 + Int64(Double(ttft) * generator.fraction()),
                gap: 8 * ms + Int64(4e6 * generator.fraction()))
            add(record, to: &tally, objective)
        }
        fillClient(of: &tally)
        return tally
    }

    static func add(_ record: RequestRecord, to tally: inout Tally, _ objective: Objective = Objective()) {
        tally.record(record, objective: objective)
        guard record.tokenEvents > 1 else { return }
        let gap = (record.lastToken - record.firstToken) / Int64(record.tokenEvents - 1)
        for event in 1..<record.tokenEvents { tally.recordGap(at: record.firstToken + Int64(event) * gap, length: gap) }
    }

    /// A generator that had nothing to complain of.
    static func fillClient(of tally: inout Tally) {
        for _ in 0..<1000 { tally.client.loopLag.record(100_000) }
        tally.client.connections = 20
        tally.client.mostInFlight = 12
        tally.client.wall = max(tally.span.lastEnd, second)
        tally.client.cpu = tally.client.wall / 10
        tally.client.busiestLoop = 0.1
        tally.client.processors = 2
        tally.client.descriptorLimit = 1 << 16
        tally.client.inFlightTime = 1e9
        tally.client.residenceTime = 1.004e9
    }
}
