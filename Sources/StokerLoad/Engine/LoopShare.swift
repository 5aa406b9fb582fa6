import StokerCore
import StokerNet

/// What one loop gets of a plan.
struct LoopShare: Sendable {
    var plan: LoadPlan
    /// From 0.
    var loop: Int
    var clock: RunClock
    var addresses: [NetAddress]
    var tls: TLSClient?
    var mailbox: LoopMailbox
    var userAgent: String

    /// Parts of about a thirtieth of the run; a run without a set length begins with seconds and grows coarser.
    var partLength: Nanoseconds { Self.partLength(of: plan) }

    static func partLength(of plan: LoadPlan) -> Nanoseconds {
        max(1_000_000_000, (plan.stop.duration ?? 0) / 30)
    }

    var writer: RequestWriter {
        var hasBody = plan.target.endpoint != .http
        if case .fixed(let body) = plan.workload.dataset, !body.isEmpty { hasBody = true }
        return RequestWriter(plan.target, hasBody: hasBody, userAgent: userAgent)
    }

    var arrivals: ArrivalSchedule? {
        switch plan.arrival {
        case .users: nil
        case .rate(let rate):
            ArrivalSchedule(
                rate, seed: plan.seed, shard: plan.shard, loop: loop, loops: plan.capacity.loops,
                requests: plan.stop.requests)
        case .trace(let times):
            ArrivalSchedule(
                trace: times, shard: plan.shard, loop: loop, loops: plan.capacity.loops, requests: plan.stop.requests)
        }
    }

    var stays: [UserSchedule.Stay] {
        guard case .users(let users) = plan.arrival else { return [] }
        return UserSchedule(users, shard: plan.shard, loop: loop, loops: plan.capacity.loops).stays
    }

    /// How many requests this loop may start. Arrivals know their own bound; users share the plan's.
    var budget: Int {
        guard case .users = plan.arrival, let requests = plan.stop.requests else { return .max }
        let lane = Lane(shard: plan.shard, loop: loop, loops: plan.capacity.loops)
        return max(0, (requests - lane.first + lane.stride - 1) / lane.stride)
    }

    var pauses: SeededGenerator { SeededGenerator(seed: plan.seed, .thinkTime, plan.shard.index, loop) }

    var sessions: SessionSource {
        get throws(LoadError) {
            try SessionSource(
                plan.workload, target: plan.target, seed: plan.seed, shard: plan.shard, loop: loop,
                loops: plan.capacity.loops)
        }
    }
}
