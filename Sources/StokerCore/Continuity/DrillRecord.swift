/// What a drill was, who did it, what came of it: complete in itself, for somebody who reads it in years.
package struct DrillRecord: Sendable, Equatable, Codable {
    package enum Verdict: String, Sendable, Codable, CaseIterable {
        case pass
        case fail
        /// A person ended it early.
        case cancelled
        /// The control plane ended in the middle, and the next one cleaned up.
        case interrupted
    }

    /// Given by the store, ascending; 0 before that.
    package var id: Int64
    package var order: DrillOrder
    package var startedAt: Timestamp
    /// nil while it runs.
    package var endedAt: Timestamp?
    package var host: String
    package var version: String
    /// Of the config in force.
    package var configDigest: String
    /// What it had to keep.
    package var policy: DrillPolicy
    /// What the plan was, one line each.
    package var plan: [String]
    /// Processes that it stopped, for whoever has to let them go on.
    package var stopped: [ProcessIdentity]
    /// One for each model that lost a backend.
    package var failovers: [FailoverRecord]
    package var load: DrillLoad?
    package var verdict: Verdict?
    /// Why it is that, one sentence each.
    package var reasons: [String]

    package init(
        order: DrillOrder, startedAt: Timestamp, host: String, version: String, configDigest: String,
        policy: DrillPolicy, plan: [String]
    ) {
        id = 0
        self.order = order
        self.startedAt = startedAt
        self.host = host
        self.version = version
        self.configDigest = configDigest
        self.policy = policy
        self.plan = plan
        stopped = []
        failovers = []
        reasons = []
    }

    /// From the fault until a client had an answer from elsewhere, the slowest model's; nil when none had one.
    package var rtoSeconds: Double? {
        let served = failovers.compactMap(\.servedSeconds)
        return served.count == failovers.count ? served.max() : nil
    }

    /// From the fault until all models were whole again.
    package var restoredSeconds: Double? {
        let restored = failovers.compactMap(\.restoredSeconds)
        return restored.count == failovers.count ? restored.max() : nil
    }

    /// Requests that got an error instead of an answer, as the gateway and the load counted them: the larger.
    package var failedRequests: Int { max(failovers.reduce(0) { $0 + $1.counts.failed }, load?.failed ?? 0) }

    package var brokenStreams: Int { max(failovers.reduce(0) { $0 + $1.counts.broken }, load?.broken ?? 0) }
}

/// What the load of a drill saw, as a client sees it.
package struct DrillLoad: Sendable, Equatable, Codable {
    package var users: Int
    package var requests: Int
    /// Ended with an error before the first token.
    package var failed: Int
    /// Broke off after it.
    package var broken: Int
    /// Of the time to the first token and of the gaps between two.
    package var medianFirstTokenSeconds: Double?
    package var worstFirstTokenSeconds: Double?
    package var medianGapSeconds: Double?
    package var worstGapSeconds: Double?

    package init(users: Int, requests: Int, failed: Int, broken: Int) {
        self.users = users
        self.requests = requests
        self.failed = failed
        self.broken = broken
    }

    /// By how much the worst wait of any user was longer than usual.
    package var addedSeconds: Double? {
        let pairs = [(worstFirstTokenSeconds, medianFirstTokenSeconds), (worstGapSeconds, medianGapSeconds)]
        return pairs.compactMap { worst, median in worst.flatMap { worst in median.map { max(0, worst - $0) } } }.max()
    }
}
