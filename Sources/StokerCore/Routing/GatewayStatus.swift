/// What the gateway says of itself on its private socket.
package struct GatewayStatus: Sendable, Equatable, Codable {
    /// The table in force; 0 before the first.
    package var version: UInt64
    package var epoch: Int64
    /// In the order of the table.
    package var backends: [BackendStatus]
    /// nil: a gateway of a release that had none.
    package var notices: GatewayNotices?
    /// What was counted where a model's clients are split; nil: nowhere.
    package var canaries: [CanaryCounts]?
    /// The newest table, of `epoch`, that every event loop goes by: no request begins by an older one any more.
    package var settled: UInt64?
    /// Backends that have left the table with requests still in flight at them.
    package var former: [BackendStatus]?
    /// Whether it takes no new connections and ends with the last it has.
    package var isLeaving: Bool?
    /// Client connections that are open.
    package var connections: Int?
    /// The backends that were lost lately, for the clock of failover; nil like `notices`.
    package var losses: GatewayLosses?

    package init(
        version: UInt64, epoch: Int64, backends: [BackendStatus], notices: GatewayNotices? = nil,
        canaries: [CanaryCounts]? = nil, settled: UInt64? = nil, former: [BackendStatus]? = nil, isLeaving: Bool? = nil,
        connections: Int? = nil, losses: GatewayLosses? = nil
    ) {
        self.version = version
        self.epoch = epoch
        self.backends = backends
        self.notices = notices
        self.canaries = canaries
        self.settled = settled
        self.former = former
        self.isLeaving = isLeaving
        self.connections = connections
        self.losses = losses
    }
}

/// One backend as the gateway experiences it.
package struct BackendStatus: Sendable, Equatable, Codable {
    package var name: String
    /// Gets new requests now: in rotation by the table, and its connections work.
    package var usable: Bool
    package var inFlight: Int
    /// The failure that took it out, in words; nil while usable.
    package var lastError: String?
    /// `BackendRecovery.stateName`; this and what follows is nil from a gateway of an earlier release.
    package var state: String?
    /// Percent of its part that it gets.
    package var share: Int?
    /// It gets requests although it is bad, because nobody else serves a model of it.
    package var panic: Bool?
    /// What its place in the rotation is drawn from, a fact a line.
    package var proof: [String]?

    package init(
        name: String, usable: Bool, inFlight: Int, lastError: String? = nil, state: String? = nil, share: Int? = nil,
        panic: Bool? = nil, proof: [String]? = nil
    ) {
        self.name = name
        self.usable = usable
        self.inFlight = inFlight
        self.lastError = lastError
        self.state = state
        self.share = share
        self.panic = panic
        self.proof = proof
    }

    /// What a person should know of it, nil where all is as it should be.
    package var remark: String? {
        let clause = lastError ?? share.flatMap { $0 < 100 ? "warming up, \($0) % of its part" : nil }
        guard panic == true else { return clause.map { "\(name): \($0)" } }
        return "\(name): \(clause.map { "\($0); " } ?? "")panic: asked all the same, nobody else serves"
    }
}
