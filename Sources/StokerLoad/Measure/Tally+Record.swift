extension Tally {
    /// Most bytes of a sample that are kept.
    package static let sampleLimit = 512

    /// Takes in a request that is over. On the hot path of a loop: about half a microsecond.
    ///
    /// - Parameters:
    ///   - sample: of a failure, the beginning of the answer or the system's words; the first one of each class is
    ///   kept.
    ///   - objective: what makes it a good one.
    ///   - isWarmUp: whether it was wanted before the measurement began: it is counted apart.
    package mutating func record(
        _ record: RequestRecord, sample: String = "", objective: Objective = Objective(), isWarmUp: Bool = false
    ) {
        var record = record
        if !record.isConsistent {
            record.outcome = .measurementError
            client.measurementErrors += 1
        }
        timeline.record(record)
        guard !isWarmUp else {
            warmUp.record(record, objective, isWhole: true)
            return
        }
        total.record(record, objective, isWhole: true)
        let part = partIndex(at: record.scheduled)
        parts[part].record(record, objective, isWhole: false)
        span.lastScheduled = max(span.lastScheduled, record.scheduled)
        span.lastSent = max(span.lastSent, record.sent)
        span.lastEnd = max(span.lastEnd, record.end, record.lastToken)
        if record.outcome.isBad { note(record, sample) }
    }

    /// Takes in the time between two events with tokens of one stream, at the moment of the later one. Once a token:
    /// tens of nanoseconds. Events of the warm-up are not given here.
    package mutating func recordGap(at time: Nanoseconds, length: Nanoseconds) {
        total.latencies.record(length, as: .icl)
        let part = partIndex(at: time)
        parts[part].latencies.record(length, as: .icl)
        timeline.recordGap(at: time, length: length)
    }

    private mutating func note(_ record: RequestRecord, _ sample: String) {
        let time = max(record.end, record.scheduled)
        if var known = errors[record.outcome] {
            known.count += 1
            known.first = min(known.first, time)
            known.last = max(known.last, time)
            errors[record.outcome] = known
        } else {
            let beginning = String(decoding: sample.utf8.prefix(Self.sampleLimit), as: UTF8.self)
            errors[record.outcome] = ErrorCount(count: 1, first: time, last: time, sample: beginning)
        }
    }

    /// The part of that time, which is there afterwards.
    mutating func partIndex(at time: Nanoseconds) -> Int {
        let time = max(0, time)
        var index = Int(time / partLength)
        while index >= Self.maxParts {
            coarsen()
            index = Int(time / partLength)
        }
        while parts.count <= index { parts.append(Part()) }
        return index
    }

    /// Makes one part of each two.
    mutating func coarsen() {
        partLength *= 2
        parts = stride(from: 0, to: parts.count, by: 2).map { index in
            var part = parts[index]
            if index + 1 < parts.count { part.merge(parts[index + 1]) }
            return part
        }
    }
}

extension Tally.Part {
    /// - Parameter isWhole: whether all measures are kept, or those of a stretch.
    mutating func record(_ record: RequestRecord, _ objective: Objective, isWhole: Bool) {
        scheduled += 1
        if record.sent > 0 {
            sent += 1
            if record.isReused { reused += 1 }
        }
        outcomes[record.outcome, default: 0] += 1
        bytes += record.bytes
        switch record.outcome {
        case .ok:
            if keeps(record, objective) { good += 1 }
            countTokens(of: record)
            recordLatencies(of: record)
            if isWhole { recordDetails(of: record) }
        case .censored:
            censoredAges.record(record.end - record.scheduled)
        default: break
        }
    }

    private mutating func countTokens(of record: RequestRecord) {
        inputTokens += record.inputTokens ?? 0
        outputTokens += record.tokens
        tokenEvents += record.tokenEvents
        coalescedEvents += record.coalescedEvents
        if record.outputTokens != nil { counted += 1 }
    }

    private mutating func recordLatencies(of record: RequestRecord) {
        if let ttft = record.ttft { latencies.record(ttft, as: .ttft) }
        if let ttft = record.ttftService { latencies.record(ttft, as: .ttftService) }
        if let tpot = record.tpot { latencies.record(tpot, as: .tpot) }
        latencies.record(record.e2e, as: .e2e)
    }

    private mutating func recordDetails(of record: RequestRecord) {
        latencies.record(record.sent - record.scheduled, as: .sendLag)
        latencies.record(record.e2e + record.scheduled - record.sent, as: .e2eService)
        if record.head > 0 { latencies.record(record.head - record.sent, as: .ttfb) }
        if record.firstOutput > 0 { latencies.record(record.firstOutput - record.scheduled, as: .ttfo) }
        if !record.isReused { latencies.record(record.connect, as: .connect) }
        if record.tokens > 0 { latencies.record(record.e2e / Int64(record.tokens), as: .ntpot) }
    }

    /// Whether a request that succeeded kept every bound that it can keep; each bound is counted.
    private mutating func keeps(_ record: RequestRecord, _ objective: Objective) -> Bool {
        guard !objective.isEmpty else { return true }
        let hasTTFT = bounds.ttft.count(record.ttft, within: objective.ttft)
        let hasTPOT = bounds.tpot.count(record.tpot, within: objective.tpot)
        let hasE2E = bounds.e2e.count(record.e2e, within: objective.e2e)
        return hasTTFT && hasTPOT && hasE2E
    }
}

extension Tally.BoundCounts.Kept {
    mutating func count(_ value: Nanoseconds?, within bound: Nanoseconds?) -> Bool {
        guard let bound else { return true }
        guard let value else {
            undefined += 1
            return true
        }
        if value <= bound { kept += 1 } else { missed += 1 }
        return value <= bound
    }
}
