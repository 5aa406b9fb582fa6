import StokerCore
import StokerLoad

/// A run of 90 seconds as a snapshot would show it.
enum LiveStage {
    static func tally(ok: Int = 1000, bad: [Outcome: Int] = [:], ttft: Nanoseconds = 120_000_000) -> Tally {
        var tally = Tally(partLength: 1_000_000_000)
        tally.total.sent = ok + bad.values.reduce(0, +)
        tally.total.outcomes = bad.merging([.ok: ok]) { $1 }
        tally.total.outputTokens = ok * 200
        for _ in 0..<ok {
            tally.total.latencies.record(ttft, as: .ttft)
            tally.total.latencies.record(20_000_000, as: .tpot)
            tally.total.latencies.record(4_100_000_000, as: .e2e)
            tally.total.latencies.record(400_000, as: .sendLag)
        }
        tally.client.cpu = 27_000_000_000
        tally.client.wall = 90_000_000_000
        tally.client.processors = 2
        return tally
    }

    static func snapshot(
        at elapsed: Nanoseconds = 90_000_000_000, inFlight: Int = 41, users: Int = 0, tally: Tally = tally()
    ) -> LoadSnapshot {
        LoadSnapshot(elapsed: elapsed, inFlight: inFlight, users: users, tally: tally)
    }

    static let goal = LiveGoal(
        target: "deepseek-r1 @ http://gw:8080", load: "open loop, poisson 12.0/s", duration: 300_000_000_000)

    /// The figures of a moment ago, for rates.
    static func earlier(_ snapshot: LoadSnapshot, requests: Int, by span: Nanoseconds = 5_000_000_000) -> LiveFigures {
        var figures = LiveFigures(snapshot)
        figures.elapsed -= span
        figures.sent -= requests
        figures.ok -= requests
        figures.tokens -= requests * 200
        figures.cpu -= span / 10
        figures.wall -= span
        return figures
    }

    static func plan(_ arrival: Arrival, stop: StopRule = StopRule(duration: 60_000_000_000)) -> LoadPlan {
        LoadPlan(
            target: LoadTarget(host: "gw", port: 8080, path: "/v1/chat/completions", endpoint: .chat, model: "m"),
            arrival: arrival, stop: stop, workload: WorkloadPlan(dataset: .fixed([])), seed: 1)
    }
}
