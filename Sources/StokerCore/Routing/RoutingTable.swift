/// What the gateway knows: which backends serve which model, and what it may do. Immutable; replaced whole.
///
/// The control plane builds it and puts it to the gateway as JSON; the two share nothing else.
package struct RoutingTable: Sendable, Equatable, Codable {
    /// Grows with each table of one control plane; the gateway refuses an older one of the same `epoch`.
    package var version: UInt64
    /// When the control plane started, milliseconds: a newer control plane's tables win whatever their version.
    package var epoch: Int64
    package var limits: GatewayPlan
    package var backends: [BackendRoute]
    package var models: [ModelRoute]

    package init(version: UInt64, epoch: Int64, limits: GatewayPlan, backends: [BackendRoute], models: [ModelRoute]) {
        self.version = version
        self.epoch = epoch
        self.limits = limits
        self.backends = backends
        self.models = models
    }
}

/// One backend as the gateway sees it.
package struct BackendRoute: Sendable, Equatable, Codable {
    package var name: String
    package var address: BackendAddress
    /// The control plane's opinion: false keeps it out of rotation.
    package var inRotation: Bool
    /// Its process runs and was ready once, but its readiness probe fails: out of rotation, and not proven dead.
    package var isUnready: Bool
    /// One sentence for the 503 when nobody is left: `loading`, `restarting after SIGKILL`, …
    package var reason: String
    /// The path that the gateway itself asks before it takes back a backend whose connection failed.
    package var healthPath: String
    /// Idle connections to it are closed after this.
    package var keepAlive: Duration
    package var continuation: ContinuationDialect
    /// Most requests at once; nil: no bound is known.
    package var slots: Int?

    package init(
        name: String, address: BackendAddress, inRotation: Bool, isUnready: Bool = false, reason: String = "",
        healthPath: String = "/health",
        keepAlive: Duration = .seconds(4), continuation: ContinuationDialect = .none, slots: Int? = nil
    ) {
        self.name = name
        self.address = address
        self.inRotation = inRotation
        self.isUnready = isUnready
        self.reason = reason
        self.healthPath = healthPath
        self.keepAlive = keepAlive
        self.continuation = continuation
        self.slots = slots
    }
}

/// One model: tiers of backends, best first.
package struct ModelRoute: Sendable, Equatable, Codable {
    package var name: String
    /// Names of backends. A tier is used only when no backend of an earlier one is in rotation and has room.
    package var tiers: [[String]]
    /// What to write into the request's `model` for the backends; nil leaves the body byte for byte.
    package var servedAs: String?
    package var deadlines: Deadlines
    /// How many times one stream may be continued on another backend; 0: never.
    package var seams: Int
    package var affinity: Affinity
    package var queue: QueuePlan
    /// Which clients go to a canary; nil: none is at work.
    package var split: CanarySplit?

    package init(
        name: String, tiers: [[String]], servedAs: String? = nil, deadlines: Deadlines = Deadlines(),
        seams: Int = ModelPlan.defaultSeams, affinity: Affinity = .prefix, queue: QueuePlan = QueuePlan(),
        split: CanarySplit? = nil
    ) {
        self.name = name
        self.tiers = tiers
        self.servedAs = servedAs
        self.deadlines = deadlines
        self.seams = seams
        self.affinity = affinity
        self.queue = queue
        self.split = split
    }

    /// What a control plane of an earlier release does not say has its default.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name),
            tiers: try values.decode([[String]].self, forKey: .tiers),
            servedAs: try values.decodeIfPresent(String.self, forKey: .servedAs),
            deadlines: try values.decode(Deadlines.self, forKey: .deadlines),
            seams: try values.decode(Int.self, forKey: .seams),
            affinity: try values.decodeIfPresent(Affinity.self, forKey: .affinity) ?? .prefix,
            queue: try values.decodeIfPresent(QueuePlan.self, forKey: .queue) ?? QueuePlan(),
            split: try values.decodeIfPresent(CanarySplit.self, forKey: .split))
    }
}
