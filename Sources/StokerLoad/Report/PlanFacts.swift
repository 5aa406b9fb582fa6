/// What a report says of a plan: enough to judge the run by, to run it again, and to tell whether another one is like
/// it.
package struct PlanFacts: Sendable, Codable, Equatable {
    /// Whether requests wait for answers.
    package enum Loop: String, Sendable, Codable {
        case closed, open
    }

    package var target: String
    package var endpoint: LoadTarget.Endpoint
    package var model: String
    package var isStreamed: Bool
    package var loop: Loop
    /// In words, such as `open loop, poisson 12/s`.
    package var arrival: String
    /// In words, such as `synthetic, input 512 tokens, output 128 tokens`.
    package var dataset: String
    package var bustsCache: Bool
    package var ignoresEnd: Bool
    package var duration: Nanoseconds?
    package var requests: Int?
    package var warmUp: Nanoseconds
    package var loops: Int
    package var inFlightCap: Int?
    package var keepsAlive: Bool
    package var objective: Objective
    package var shard: Shard
    package var seed: UInt64

    package init(_ plan: LoadPlan) {
        let target = plan.target
        self.target = Self.text(of: target)
        endpoint = target.endpoint
        model = target.model
        isStreamed = target.isStreamed
        if case .users = plan.arrival { loop = .closed } else { loop = .open }
        arrival = plan.arrival.words
        dataset = plan.workload.dataset.words
        bustsCache = plan.workload.bustsCache
        ignoresEnd = plan.workload.ignoresEnd
        duration = plan.stop.duration
        requests = plan.stop.requests
        warmUp = plan.stop.warmUp
        loops = plan.capacity.loops
        inFlightCap = plan.capacity.inFlight
        keepsAlive = plan.capacity.keepsAlive
        objective = plan.objective
        shard = plan.shard
        seed = plan.seed
    }

    private static func text(of target: LoadTarget) -> String {
        let host = target.host.contains(":") ? "[\(target.host)]" : target.host
        let place = "\(target.isTLS ? "https" : "http")://\(host):\(target.port)\(target.path)"
        return target.socketPath.map { "\(place) through \($0)" } ?? place
    }
}

extension Arrival {
    /// When requests start, in words.
    package var words: String {
        switch self {
        case .users(let users): "closed loop, \(Self.levels(users.stages, "users"))\(users.thinkTime.words)"
        case .rate(let rate): "open loop, \(rate.spacing.words) \(Self.levels(rate.stages, "req/s"))"
        case .trace(let times): "open loop, \(times.count) recorded times"
        }
    }

    private static func levels(_ stages: [Stage], _ unit: String) -> String {
        let steps = stages.map { stage in
            "\(Figure.short(stage.level)) \(unit)"
                + (stage.duration > 0 ? " over \(Figure.time(stage.duration))" : "")
        }
        return steps.joined(separator: ", then ")
    }
}

extension RateArrival.Spacing {
    fileprivate var words: String {
        switch self {
        case .constant: "constant"
        case .poisson: "poisson"
        case .gamma(let burstiness): "gamma (burstiness \(Figure.short(burstiness)))"
        }
    }
}

extension TimeDistribution {
    fileprivate var words: String {
        switch self {
        case .constant(0): ""
        case .constant(let time): ", think time \(Figure.time(time))"
        case .uniform(let range): ", think time \(Figure.time(range.lowerBound)) to \(Figure.time(range.upperBound))"
        case .exponential(let mean): ", think time exponential around \(Figure.time(mean))"
        }
    }
}

extension Dataset {
    /// Where prompts come from, in words.
    package var words: String {
        switch self {
        case .fixed(let body): "one body of \(body.count) bytes (\(Self.mark([body[...]])))"
        case .conversations(let all): "\(all.count) conversations (\(Self.mark(of: all)))"
        case .trace(let all): "trace of \(all.count) requests (\(Self.mark(of: all)))"
        case .synthetic(let prompts):
            "synthetic, input \(prompts.inputTokens.words), output \(prompts.outputTokens.words) tokens"
                + (prompts.turns == .constant(1) ? "" : ", \(prompts.turns.words) turns")
                + (prompts.sharedPrefix.map {
                    ", \($0.count) shared prefixes of \($0.tokens) in \(Figure.percent($0.share))"
                } ?? "")
        }
    }

    private static func mark(of all: [Conversation]) -> String {
        mark(all.flatMap(\.exchanges).map { Array($0.prompt.spelled.utf8)[...] })
    }

    /// Tells one text from another (FNV-1a), so that two runs are not compared that asked different things.
    private static func mark(_ texts: [ArraySlice<UInt8>]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in texts {
            for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        return "#" + String(hash & 0xFFFF_FFFF, radix: 16)
    }
}

extension Conversation.Prompt {
    /// Equal prompts, equal text; different ones, different text.
    fileprivate var spelled: String {
        switch self {
        case .text(let text): text
        case .words(let count): "\(count) words"
        case .blocks(let ids, let tokens): "\(tokens) tokens of \(ids)"
        }
    }
}
