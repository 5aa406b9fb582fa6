/// What the gateway says of itself on its private socket.
package struct GatewayStatus: Sendable, Equatable, Codable {
    /// The table in force; 0 before the first.
    package var version: UInt64
    package var epoch: Int64
    /// In the order of the table.
    package var backends: [BackendStatus]
    /// nil: a gateway of a release that had none.
    package var notices: GatewayNotices?
    /// The backends that were lost lately, for the clock of failover; nil like `notices`.
    package var losses: GatewayLosses?

    package init(
        version: UInt64, epoch: Int64, backends: [BackendStatus], notices: GatewayNotices? = nil,
        losses: GatewayLosses? = nil
    ) {
        self.version = version
        self.epoch = epoch
        self.backends = backends
        self.notices = notices
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

    package init(name: String, usable: Bool, inFlight: Int, lastError: String? = nil) {
        self.name = name
        self.usable = usable
        self.inFlight = inFlight
        self.lastError = lastError
    }
}
