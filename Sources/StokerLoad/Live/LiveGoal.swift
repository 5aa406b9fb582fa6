/// What the live view measures a run against.
package struct LiveGoal: Sendable, Equatable {
    /// One line: the model and where it is, as the person named them; no secret.
    package var target: String
    /// One line: open or closed loop, rate or users.
    package var load: String
    /// When the run ends; nil: nobody knows.
    package var duration: Nanoseconds?
    /// After how many requests; nil: by time.
    package var requests: Int?
    package var warmUp: Nanoseconds
    /// Time between a first token and the whole answer exists only when answers come in pieces.
    package var isStreamed: Bool

    package init(
        target: String, load: String, duration: Nanoseconds? = nil, requests: Int? = nil, warmUp: Nanoseconds = 0,
        isStreamed: Bool = true
    ) {
        self.target = target
        self.load = load
        self.duration = duration
        self.requests = requests
        self.warmUp = warmUp
        self.isStreamed = isStreamed
    }

    /// The goal of a plan.
    package init(_ plan: LoadPlan, target: String) {
        let lastArrival: Nanoseconds? =
            switch plan.arrival {
            case .trace(let times): times.last
            case .users, .rate: nil
            }
        self.init(
            target: target, load: Self.load(of: plan.arrival), duration: plan.stop.duration ?? lastArrival,
            requests: plan.stop.requests, warmUp: plan.stop.warmUp, isStreamed: plan.target.isStreamed)
    }

    /// How much of the run is through, 0 to 1; nil when only a person will end it.
    package func progress(_ figures: LiveFigures) -> Double? {
        let byTime = duration.map { $0 > 0 ? Double(figures.elapsed) / Double($0) : 1 }
        let byCount = requests.map { $0 > 0 ? Double(figures.finished) / Double($0) : 1 }
        return [byTime, byCount].compactMap { $0 }.max().map { min(max($0, 0), 1) }
    }

    static func load(of arrival: Arrival) -> String {
        switch arrival {
        case .users(let users):
            let most = users.stages.map(\.level).max() ?? 0
            return "closed loop, \(LiveText.count(Int(most))) user\(most == 1 ? "" : "s")"
        case .rate(let rate):
            let most = rate.stages.map(\.level).max() ?? 0
            return "open loop, \(spacing(rate.spacing)) \(LiveText.rate(most))/s"
        case .trace(let times): return "replay of \(LiveText.count(times.count)) requests"
        }
    }

    private static func spacing(_ spacing: RateArrival.Spacing) -> String {
        switch spacing {
        case .constant: "constant"
        case .poisson: "poisson"
        case .gamma(let burstiness): "gamma \(LiveText.fixed(burstiness, 2)),"
        }
    }
}
