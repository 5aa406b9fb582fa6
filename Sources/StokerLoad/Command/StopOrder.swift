/// What a person said about when a run ends.
package struct StopOrder: Sendable, Equatable {
    package var duration: String?
    /// `--num-prompts`.
    package var requests: String?
    package var warmUp: String?
    package var grace: String?

    package init() {}

    /// Long enough for a first look, short enough to wait for.
    package static let usual: Nanoseconds = 30_000_000_000

    /// The rule; half a minute when neither time nor number was said.
    ///
    /// - Parameter stages: what ramps take: a run is never over before its last stage has begun.
    package func rule(stages: Nanoseconds = 0) throws(LoadError) -> StopRule {
        let duration = try duration.map { text throws(LoadError) in
            try Asked(text, flag: "--duration").duration(in: .seconds(1)...(.seconds(30 * 86_400)), try: "5m")
        }
        let requests = try requests.map { text throws(LoadError) in
            try Asked(text, flag: "--num-prompts").count(in: 1...1_000_000_000, try: "1000")
        }
        let warmUp = try warmUp.map { text throws(LoadError) in
            text == "0" || text == "0s" ? 0 : try Asked(text, flag: "--warmup").duration(try: "30s")
        }
        let grace = try grace.map { text throws(LoadError) in
            text == "0" || text == "0s" ? 0 : try Asked(text, flag: "--grace").duration(try: "30s")
        }
        if let duration, let warmUp, warmUp >= duration {
            throw LoadError(
                "--warmup takes all of --duration; nothing would be measured: try --warmup 30s --duration 5m")
        }
        let end = requests == nil ? duration ?? max(Self.usual, stages) + (warmUp ?? 0) : duration
        var rule = StopRule(duration: end, requests: requests, warmUp: warmUp ?? 0)
        if let grace { rule.grace = grace }
        return rule
    }
}
