/// What `stoker status` and `GET /api/v1/status` show.
package struct StatusReport: Sendable, Equatable, Codable {
    package var version: String
    package var pid: Int32
    package var startedAt: Timestamp
    package var now: Timestamp
    /// Path and short digest of the running config.
    package var config: String
    package var configDigest: String
    /// The last reload that was refused, in words; nil when the file and the running plan agree.
    package var configError: String?
    package var gatewayListen: String
    /// Whether clients speak HTTPS to it; nil from a daemon that cannot.
    package var gatewayTLS: Bool?
    package var adminListen: String?
    package var processes: [ProcessStatus]
    package var models: [ModelStatus]

    package init(
        version: String, pid: Int32, startedAt: Timestamp, now: Timestamp, config: String, configDigest: String,
        configError: String? = nil, gatewayListen: String, gatewayTLS: Bool? = nil, adminListen: String?,
        processes: [ProcessStatus], models: [ModelStatus]
    ) {
        self.version = version
        self.pid = pid
        self.startedAt = startedAt
        self.now = now
        self.config = config
        self.configDigest = configDigest
        self.configError = configError
        self.gatewayListen = gatewayListen
        self.gatewayTLS = gatewayTLS
        self.adminListen = adminListen
        self.processes = processes
        self.models = models
    }

    /// Whether the gateway serves, every model has a backend in rotation, and no process has failed.
    package var isHealthy: Bool {
        models.allSatisfy { $0.inRotation > 0 }
            && processes.allSatisfy { $0.kind == .gateway ? $0.state == .ready : $0.state != .failed }
    }
}

/// One process as a person on call sees it.
package struct ProcessStatus: Sendable, Equatable, Codable {
    /// Where a process is in its life. The verdict on its health (busy, stuck, …) is drawn from evidence elsewhere.
    package enum State: String, Sendable, Codable, CaseIterable {
        /// Not wanted now.
        case stopped
        /// Wanted; waits for what it must start after.
        case waiting
        /// Running, startup probe not passed yet.
        case starting
        /// Running and its readiness probe passes.
        case ready
        /// Running, was ready, readiness probe fails.
        case unready
        /// Asked to end.
        case stopping
        /// Ended; will be started again after a delay.
        case backoff
        /// Ended too often: a person must act.
        case failed
    }

    package var name: String
    package var kind: ProcessKind
    package var engine: Engine?
    package var state: State
    package var since: Timestamp
    /// One sentence: why it is in this state.
    package var reason: String
    package var pid: Int32?
    package var restarts: Int
    package var lastExit: String?
    package var address: String?
    /// false in attach mode.
    package var managed: Bool
    /// Resident bytes of the process and its descendants.
    package var residentBytes: Int64?
    /// CPU seconds of the same.
    package var cpuSeconds: Double?
    /// From spawn to ready, last time.
    package var lastStartSeconds: Double?

    package init(
        name: String, kind: ProcessKind, engine: Engine?, state: State, since: Timestamp, reason: String,
        pid: Int32? = nil, restarts: Int = 0, lastExit: String? = nil, address: String? = nil, managed: Bool = true,
        residentBytes: Int64? = nil, cpuSeconds: Double? = nil, lastStartSeconds: Double? = nil
    ) {
        self.name = name
        self.kind = kind
        self.engine = engine
        self.state = state
        self.since = since
        self.reason = reason
        self.pid = pid
        self.restarts = restarts
        self.lastExit = lastExit
        self.address = address
        self.managed = managed
        self.residentBytes = residentBytes
        self.cpuSeconds = cpuSeconds
        self.lastStartSeconds = lastStartSeconds
    }
}

/// One model as clients see it.
package struct ModelStatus: Sendable, Equatable, Codable {
    package var name: String
    package var backends: [String]
    package var standby: [String]
    /// How many of them get traffic now, standby included.
    package var inRotation: Int
    /// What is not as it should be with one of them, a line each; nil from an earlier release.
    package var remarks: [String]?

    package init(
        name: String, backends: [String], standby: [String], inRotation: Int, remarks: [String]? = nil
    ) {
        self.name = name
        self.backends = backends
        self.standby = standby
        self.inRotation = inRotation
        self.remarks = remarks
    }
}
