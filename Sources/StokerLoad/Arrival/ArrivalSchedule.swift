internal import StokerCore

/// When one loop sends: absolute times from the run's origin, drawn from one sequence for the whole plan.
///
/// All loops of all shards draw the same sequence and each skips what is not its own, so together they are exactly the
/// plan. A time depends on nothing that happened: a late request never moves those after it.
package struct ArrivalSchedule: Sendable {
    private enum Law {
        case rate(RateSequence)
        case trace([Nanoseconds])
    }

    private var law: Law
    private let lane: Lane
    /// Arrivals of the whole plan from this number on are not offered.
    private let limit: Int
    private var index = 0

    /// - Parameter requests: how many arrivals the whole plan has at most; nil: no bound.
    package init(
        _ arrival: RateArrival, seed: UInt64, shard: Shard = Shard(), loop: Int = 0, loops: Int = 1,
        requests: Int? = nil
    ) {
        law = .rate(RateSequence(arrival, seed: seed))
        lane = Lane(shard: shard, loop: loop, loops: loops)
        limit = requests ?? .max
    }

    /// Of recorded times, which are ascending.
    package init(
        trace: [Nanoseconds], shard: Shard = Shard(), loop: Int = 0, loops: Int = 1, requests: Int? = nil
    ) {
        law = .trace(trace)
        lane = Lane(shard: shard, loop: loop, loops: loops)
        limit = min(trace.count, requests ?? .max)
    }

    /// The next time, never before the one before it; nil when no more will come.
    package mutating func next() -> Nanoseconds? {
        let number = lane.number(index)
        guard number < limit else { return nil }
        index += 1
        switch law {
        case .trace(let times): return times[number]
        case .rate(var sequence):
            let time = sequence.time(of: number)
            law = .rate(sequence)
            return time
        }
    }
}

/// The arrivals of a whole plan at a rate, in order.
///
/// Gaps are drawn in operational time, in which one request is due each unit; the integral of the rate, inverted, turns
/// that into time on the clock. So a ramp is exact at each point of it, and its spacing keeps its law.
private struct RateSequence {
    private let curve: StageCurve
    private let spacing: RateArrival.Spacing
    private var generator: SeededGenerator
    /// Operational time of the latest arrival drawn.
    private var due = 0.0
    private var drawn = 0
    /// The piece of the curve where it was found.
    private var piece = 0
    private var latest: Nanoseconds = 0

    init(_ arrival: RateArrival, seed: UInt64) {
        curve = StageCurve(arrival.stages)
        spacing = arrival.spacing
        generator = SeededGenerator(seed: seed, .arrivals)
    }

    /// The time of an arrival, numbers ascending; nil when the rate stays 0 before it.
    mutating func time(of number: Int) -> Nanoseconds? {
        while drawn <= number {
            step()
            drawn += 1
        }
        while piece < curve.pieces.count {
            let line = curve.pieces[piece]
            if let offset = line.offset(reaching: due - line.before) {
                guard let time = Nanoseconds(exactly: (line.start + offset).rounded()) else { return nil }
                latest = max(latest, time)
                return latest
            }
            piece += 1
        }
        return nil
    }

    private mutating func step() {
        switch spacing {
        // From the middle of the first unit: any stretch then holds its share to within half a request, and the last
        // one does not fall on the run's very end.
        case .constant: due = Double(drawn) + 0.5
        case .poisson: due += generator.exponential()
        case .gamma(let burstiness):
            let shape = burstiness.isFinite ? max(burstiness, 1e-3) : 1
            due += generator.gamma(shape: shape) / shape
        }
    }
}
