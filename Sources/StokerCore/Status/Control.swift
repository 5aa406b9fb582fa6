/// What the admin API can ask of the running control plane; implemented by the composition in `stoker`.
package protocol ControlPlane: Sendable {
    func status() async -> StatusReport
    /// Newest last. `after`: only events with a larger id.
    func events(_ query: EventQuery) async throws -> [Event]
    /// What the gateway is doing and has done lately.
    func requests(_ query: RequestQuery) async throws(ControlError) -> RequestPage
    /// Returns once the order is taken, not once it is carried out.
    func order(_ order: ProcessOrder, process: String) async throws(ControlError)
    /// How the canary of each model stands.
    func canaries() async -> [CanaryStatus]
    /// Begins, furthers or ends a canary; returns how it stands then.
    func canary(_ request: CanaryRequest) async throws(ControlError) -> CanaryStatus
    /// Reads the config file again; refuses it whole on any error and keeps the old plan.
    func reload() async throws(ControlError)
    /// Looks at a drill, or begins one; it goes on by itself.
    func drill(_ request: DrillRequest) async throws(ControlError) -> DrillAnswer
}

/// What a person may tell a process to do.
package enum ProcessOrder: String, Sendable, Codable, CaseIterable {
    /// A process that serves clients is drained before it is stopped or restarted.
    case start, stop, restart
    /// Without waiting for what is in flight.
    case stopNow = "stop-now"
    case restartNow = "restart-now"
    /// No new requests; it stays up.
    case drain
    /// Even when nobody else is left to serve its models.
    case drainAnyway = "drain-anyway"
    case undrain
}

/// Which events to show.
package struct EventQuery: Sendable, Equatable {
    package var after: Int64?
    package var since: Timestamp?
    package var subject: String?
    package var minimumSeverity: Event.Severity
    /// The newest this many; 1 to 10,000.
    package var limit: Int

    package init(
        after: Int64? = nil, since: Timestamp? = nil, subject: String? = nil,
        minimumSeverity: Event.Severity = .info, limit: Int = 100
    ) {
        self.after = after
        self.since = since
        self.subject = subject
        self.minimumSeverity = minimumSeverity
        self.limit = limit
    }
}

/// Why an order was refused.
package struct ControlError: Error, Equatable, Codable {
    package enum Code: String, Sendable, Codable {
        case unknownProcess = "unknown-process"
        /// No model of that name, or none for which the order makes sense.
        case unknownModel = "unknown-model"
        /// Something is in the way of the order as things stand.
        case conflict
        case notManaged = "not-managed"
        case badConfig = "bad-config"
        case shuttingDown = "shutting-down"
        /// The request itself makes no sense: a query, a path, a method.
        case badRequest = "bad-request"
        /// Not over this transport, or not from this origin.
        case forbidden
        /// Too many of the same at once; ask again.
        case busy
        /// Nobody else would be left to serve a model.
        case lastBackend = "last-backend"
        /// It cannot be drained: nothing of the gateway's comes to it, or it does not run.
        case notDrainable = "not-drainable"
        /// A drill that must not be done now.
        case drillRefused = "drill-refused"
        /// The gateway does not answer the control plane.
        case gatewaySilent = "gateway-silent"
    }

    package var code: Code
    /// What is wrong.
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(code: Code, message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// Whether the same may be granted a little later: bad news, and nobody's mistake.
    package var isPassing: Bool { code == .shuttingDown || code == .busy || code == .gatewaySilent }

    /// A query that makes no sense.
    package static func badQuery(_ message: String, hint: String? = nil) -> ControlError {
        ControlError(code: .badRequest, message: message, hint: hint)
    }
}
