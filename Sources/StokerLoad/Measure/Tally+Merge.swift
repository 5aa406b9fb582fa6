extension Tally {
    /// Takes in what another loop counted, or another generator's shard of the same run: as if one had counted all.
    package mutating func merge(_ other: Tally) {
        total.merge(other.total)
        warmUp.merge(other.warmUp)
        mergeParts(other)
        timeline.merge(other.timeline)
        errors.merge(other.errors) { $0.merged(with: $1) }
        span.lastScheduled = max(span.lastScheduled, other.span.lastScheduled)
        span.lastSent = max(span.lastSent, other.span.lastSent)
        span.lastEnd = max(span.lastEnd, other.span.lastEnd)
        client.merge(other.client)
    }

    private mutating func mergeParts(_ other: Tally) {
        var other = other
        // Loops that began with equal parts differ by powers of two at most. Where they do not, a part is counted where
        // it began.
        while partLength < other.partLength { coarsen() }
        while other.partLength < partLength { other.coarsen() }
        for (index, part) in other.parts.enumerated() {
            let (time, isTooLate) = Int64(index).multipliedReportingOverflow(by: other.partLength)
            guard !isTooLate else { continue }
            let mine = partIndex(at: time)
            parts[mine].merge(part)
        }
    }
}

extension Tally.Part {
    mutating func merge(_ other: Tally.Part) {
        scheduled += other.scheduled
        sent += other.sent
        outcomes.merge(other.outcomes, uniquingKeysWith: +)
        good += other.good
        bounds.ttft.add(other.bounds.ttft)
        bounds.tpot.add(other.bounds.tpot)
        bounds.e2e.add(other.bounds.e2e)
        inputTokens += other.inputTokens
        outputTokens += other.outputTokens
        tokenEvents += other.tokenEvents
        coalescedEvents += other.coalescedEvents
        counted += other.counted
        bytes += other.bytes
        reused += other.reused
        latencies.add(other.latencies)
        censoredAges.add(other.censoredAges)
    }

    /// How many ended so.
    package func count(_ outcome: Outcome) -> Int { outcomes[outcome] ?? 0 }

    /// Failed, whatever the reason; dropped ones too.
    package var bad: Int { outcomes.reduce(0) { $0 + ($1.key.isBad ? $1.value : 0) } }
}

extension Tally.BoundCounts.Kept {
    mutating func add(_ other: Tally.BoundCounts.Kept) {
        kept += other.kept
        missed += other.missed
        undefined += other.undefined
    }
}

extension Tally.ErrorCount {
    func merged(with other: Tally.ErrorCount) -> Tally.ErrorCount {
        Tally.ErrorCount(
            count: count + other.count, first: min(first, other.first), last: max(last, other.last),
            sample: other.first < first ? other.sample : sample)
    }
}
