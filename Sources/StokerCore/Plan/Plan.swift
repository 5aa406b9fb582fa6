/// The validated config: everything that the control plane needs, with every default filled in.
///
/// Made by `StokerConfig` only; whoever holds a plan need not check it again.
package struct Plan: Sendable, Equatable {
    /// Absolute directory for what must outlive a reboot: events, logs. Owned by one control plane at a time.
    package var stateDirectory: String
    /// Absolute directory for sockets; short enough for `sun_path` (107 bytes with the longest socket name).
    package var runtimeDirectory: String
    /// The data plane.
    package var gateway: GatewayPlan
    /// Where `/metrics` and the read-only API listen; nil switches TCP off, the unix socket stays.
    package var adminListen: Endpoint?
    /// Bounds of the event store.
    package var events: EventRetention
    /// What drills must keep.
    package var drills: DrillPolicy
    /// In the order of the file.
    package var processes: [ProcessPlan]
    /// In the order of the file.
    package var models: [ModelPlan]
    /// FNV-1a of the file as read, first 12 hex digits: tells two plans apart in events and metrics.
    package var digest: String

    package init(
        stateDirectory: String, runtimeDirectory: String, gateway: GatewayPlan, adminListen: Endpoint?,
        events: EventRetention, drills: DrillPolicy = DrillPolicy(), processes: [ProcessPlan], models: [ModelPlan],
        digest: String
    ) {
        self.stateDirectory = stateDirectory
        self.runtimeDirectory = runtimeDirectory
        self.gateway = gateway
        self.adminListen = adminListen
        self.events = events
        self.drills = drills
        self.processes = processes
        self.models = models
        self.digest = digest
    }

    /// Where each process's output is kept: `<state>/log/<name>.log`, older part `<name>.log.1`.
    package func logPath(of process: String) -> String { "\(stateDirectory)/log/\(process).log" }
    /// The CLI's socket.
    package var controlSocket: String { "\(runtimeDirectory)/control.sock" }
    /// The private socket of a gateway: table in, metrics out. The first one's is `gateway.sock`.
    package func gatewaySocket(seat: Int = 1) -> String {
        "\(runtimeDirectory)/\(ProcessPlan.gatewayName(seat: seat)).sock"
    }
    /// The socket of a process's shim.
    package func shimSocket(of process: String) -> String { "\(runtimeDirectory)/shim/\(process).sock" }
    /// The event store.
    package var eventsDatabase: String { "\(stateDirectory)/events.sqlite" }
    /// Failovers and drills.
    package var continuityDatabase: String { "\(stateDirectory)/continuity.sqlite" }
    /// Held, locked, for the life of the control plane.
    package var lockFile: String { "\(stateDirectory)/lock" }

    /// The process of that name.
    package func process(named name: String) -> ProcessPlan? { processes.first { $0.name == name } }
}

/// How the gateway listens and what it refuses.
package struct GatewayPlan: Sendable, Equatable, Codable {
    package var listen: Endpoint
    /// Largest request body; more is a 413.
    package var maxBody: ByteSize
    /// Largest request head (request line and headers together); more is a 431.
    package var maxHead: ByteSize
    /// A request head must be complete this long after its first byte; else 408.
    package var headTimeout: Duration
    /// A client that takes no byte for this long is cut off.
    package var writeTimeout: Duration
    /// Most client connections at once; more wait in the kernel's backlog.
    package var maxConnections: Int
    /// Event loops; 0 means one per core.
    package var threads: Int
    /// A stream that says nothing yet gets a comment so often, lest something in between takes it for dead.
    package var keepAliveComments: Duration
    /// How long one that was replaced may go on with what it had begun. The control plane's affair: not in tables.
    package var drain = Duration.seconds(3600)
    /// How many finished requests are remembered for `stoker top` and the API.
    package var recentRequests: Int
    /// nil: clients speak plain HTTP.
    package var tls: GatewayTLS?

    package init(
        listen: Endpoint, maxBody: ByteSize = .mebibytes(8), maxHead: ByteSize = .kibibytes(32),
        headTimeout: Duration = .seconds(10), writeTimeout: Duration = .seconds(60), maxConnections: Int = 10_000,
        threads: Int = 0, keepAliveComments: Duration = .seconds(15), drain: Duration = .seconds(3600),
        recentRequests: Int = 1024, tls: GatewayTLS? = nil
    ) {
        self.listen = listen
        self.maxBody = maxBody
        self.maxHead = maxHead
        self.headTimeout = headTimeout
        self.writeTimeout = writeTimeout
        self.maxConnections = maxConnections
        self.threads = threads
        self.keepAliveComments = keepAliveComments
        self.drain = drain
        self.recentRequests = recentRequests
        self.tls = tls
    }
}

extension GatewayPlan {
    /// What a gateway is told; one of another release must understand it, and be understood.
    private enum CodingKeys: String, CodingKey {
        case listen, maxBody, maxHead, headTimeout, writeTimeout, maxConnections, threads, keepAliveComments
        case recentRequests, tls
    }
}

/// Where the certificate that clients are shown lies, and its key. Paths only: the gateway reads them, again and again.
package struct GatewayTLS: Sendable, Equatable, Codable {
    /// Absolute; PEM, the gateway's own certificate first, then those between it and the root.
    package var certificate: String
    /// Absolute; PEM.
    package var key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// How many events are kept, and for how long.
package struct EventRetention: Sendable, Equatable, Codable {
    package var maxAge: Duration
    /// Bound of the database file.
    package var maxSize: ByteSize

    package init(maxAge: Duration = .seconds(30 * 86_400), maxSize: ByteSize = .mebibytes(64)) {
        self.maxAge = maxAge
        self.maxSize = maxSize
    }
}
