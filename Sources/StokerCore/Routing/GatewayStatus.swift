/// What the gateway says of itself on its private socket.
package struct GatewayStatus: Sendable, Equatable, Codable {
    /// The table in force; 0 before the first.
    package var version: UInt64
    package var epoch: Int64
    /// In the order of the table.
    package var backends: [BackendStatus]
    /// nil: a gateway of a release that had none.
    package var notices: GatewayNotices?
    /// The newest table, of `epoch`, that every event loop goes by: no request begins by an older one any more.
    package var settled: UInt64?
    /// Backends that have left the table with requests still in flight at them.
    package var former: [BackendStatus]?
    /// Whether it takes no new connections and ends with the last it has.
    package var isLeaving: Bool?
    /// Client connections that are open.
    package var connections: Int?

    package init(
        version: UInt64, epoch: Int64, backends: [BackendStatus], notices: GatewayNotices? = nil,
        settled: UInt64? = nil, former: [BackendStatus]? = nil, isLeaving: Bool? = nil, connections: Int? = nil
    ) {
        self.version = version
        self.epoch = epoch
        self.backends = backends
        self.notices = notices
        self.settled = settled
        self.former = former
        self.isLeaving = isLeaving
        self.connections = connections
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
