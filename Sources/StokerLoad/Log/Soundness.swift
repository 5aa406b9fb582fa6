/// What a file may say: within these bounds no sum of a few thousand numbers overflows.
private let soundRange = 0...(1 << 50)

extension HistogramLog.Skeleton {
    var isSound: Bool {
        parts.count <= Tally.maxParts && (1...1 << 50).contains(partLength) && timeline.isSound
            && ([total, warmUp] + parts).allSatisfy(\.isSound) && errors.values.allSatisfy(\.isSound) && span.isSound
            && client.isSound && plan.isSound
    }
}

extension Tally.Part {
    fileprivate var isSound: Bool {
        let kept = [bounds.ttft, bounds.tpot, bounds.e2e].flatMap { [$0.kept, $0.missed, $0.undefined] }
        let counts = [
            scheduled, sent, good, inputTokens, outputTokens, tokenEvents, coalescedEvents, counted, bytes, reused,
        ]
        return (counts + kept + outcomes.values).allSatisfy(soundRange.contains)
    }
}

extension Tally.ErrorCount {
    fileprivate var isSound: Bool {
        [count, Int(first), Int(last)].allSatisfy(soundRange.contains) && sample.utf8.count <= 4 * Tally.sampleLimit
    }
}

extension Tally.Span {
    fileprivate var isSound: Bool {
        [lastScheduled, lastSent, lastEnd].allSatisfy { soundRange.contains(Int($0)) }
    }
}

extension ClientFacts {
    fileprivate var isSound: Bool {
        [connections, mostInFlight, descriptorLimit, measurementErrors, Int(cpu), Int(wall), Int(throttled)]
            .allSatisfy(soundRange.contains)
    }
}

extension PlanFacts {
    var isSound: Bool {
        let bounds = [objective.ttft, objective.tpot, objective.e2e, duration].compactMap { $0 }
        return (bounds + [warmUp]).allSatisfy { soundRange.contains(Int($0)) } && soundRange.contains(requests ?? 0)
    }
}

extension Timeline {
    /// Whether it keeps the bounds of one that was recorded.
    var isSound: Bool {
        (1...1 << 50).contains(binLength) && bins.count <= Self.maxBins && bins.allSatisfy(\.isSound)
    }
}

extension Timeline.Bin {
    fileprivate var isSound: Bool {
        (heat.isEmpty || heat.count == Timeline.heatCells)
            && [scheduled, sent, ok, bad, tokens, inFlight, ttftCount, gapCount, Int(ttftSum), Int(gapSum)]
                .allSatisfy { abs($0.clampedMagnitude) <= soundRange.upperBound }
    }
}

extension Int {
    /// Sums of times may be negative where clocks were; `abs(.min)` would trap.
    fileprivate var clampedMagnitude: Int { Int(clamping: magnitude) }
}
