/// What clients ask for by name, and which processes answer.
package struct ModelPlan: Sendable, Equatable {
    package var name: String
    /// Names of processes of the first tier.
    package var backends: [String]
    /// Names of processes that serve only when no backend of the first tier is in rotation.
    package var standby: [String]
    /// Names of processes that serve only as a canary, for the share of clients that it has.
    package var canary: [String]
    /// The name that the backends know the model by; nil when it is the same.
    package var servedAs: String?
    package var deadlines: Deadlines
    /// How many times one stream may be continued on another backend; 0: never.
    package var seams: Int
    package var affinity: Affinity
    /// Where requests wait while all backends are full.
    package var queue: QueuePlan
    /// How long all backends must have served again before a cold standby is stopped.
    package var failback: Duration

    /// Longer than a crash loop's first minutes, so that a standby is not stopped in the middle of one.
    package static let defaultFailback = Duration.seconds(300)
    /// One seam for the backend that dies, one for the next that dies with it.
    package static let defaultSeams = 2

    package init(
        name: String, backends: [String], standby: [String] = [], canary: [String] = [], servedAs: String? = nil,
        deadlines: Deadlines = Deadlines(), seams: Int = ModelPlan.defaultSeams,
        affinity: Affinity = .prefix, queue: QueuePlan = QueuePlan(), failback: Duration = ModelPlan.defaultFailback
    ) {
        self.name = name
        self.backends = backends
        self.standby = standby
        self.canary = canary
        self.servedAs = servedAs
        self.deadlines = deadlines
        self.seams = seams
        self.affinity = affinity
        self.queue = queue
        self.failback = failback
    }
}

/// How many requests of a model may wait for a backend with room, and how long.
package struct QueuePlan: Sendable, Hashable, Codable {
    /// 0: none.
    package var size: Int
    /// Never beyond `first_token` of a stream, or `answer`.
    package var wait: Duration

    package init(size: Int = 512, wait: Duration = .seconds(30)) {
        self.size = size
        self.wait = wait
    }
}

/// What keeps requests together on one backend.
package enum Affinity: String, Sendable, Codable, CaseIterable {
    /// Equal first messages: the engine has their prefix in its cache.
    case prefix
    /// Nothing: each goes where there is least to do.
    case none
}

/// How long a request may wait at each step.
package struct Deadlines: Sendable, Hashable, Codable {
    /// TCP (and TLS) connection to a backend.
    package var connect: Duration
    /// From the request to the first event of a stream, retries included.
    package var firstToken: Duration
    /// Longest gap within an answer.
    package var stall: Duration
    /// From the request to the whole answer, retries included, of a request that does not stream.
    package var answer: Duration

    package init(
        connect: Duration = .seconds(1), firstToken: Duration = .seconds(120), stall: Duration = .seconds(120),
        answer: Duration = .seconds(600)
    ) {
        self.connect = connect
        self.firstToken = firstToken
        self.stall = stall
        self.answer = answer
    }
}
