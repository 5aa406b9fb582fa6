/// The questions asked of one process; nil means: not asked.
package struct ProbePlans: Sendable, Hashable {
    /// Until it succeeds once, the process is starting, and the other two are not asked. nil: running is started.
    package var startup: ProbePlan?
    /// Failing it is a reason to restart. nil by default for engines: an engine under load is slow, not dead.
    package var liveness: ProbePlan?
    /// Failing it takes the backend out of rotation.
    package var readiness: ProbePlan?
    /// How long startup may take before the start counts as failed.
    package var startTimeout: Duration

    package init(
        startup: ProbePlan? = nil, liveness: ProbePlan? = nil, readiness: ProbePlan? = nil,
        startTimeout: Duration = .seconds(900)
    ) {
        self.startup = startup
        self.liveness = liveness
        self.readiness = readiness
        self.startTimeout = startTimeout
    }
}

/// One question, how often it is asked, and how many answers turn the opinion.
package struct ProbePlan: Sendable, Hashable {
    package var target: ProbeTarget
    /// Pause between the start of two probes, ±10 % jitter.
    package var interval: Duration
    package var timeout: Duration
    /// Successes in a row that make it pass.
    package var successThreshold: Int
    /// Failures in a row that make it fail.
    package var failureThreshold: Int

    package init(
        target: ProbeTarget, interval: Duration = .seconds(1), timeout: Duration = .milliseconds(800),
        successThreshold: Int = 1, failureThreshold: Int = 2
    ) {
        self.target = target
        self.interval = interval
        self.timeout = timeout
        self.successThreshold = successThreshold
        self.failureThreshold = failureThreshold
    }
}

/// What a probe asks.
package enum ProbeTarget: Sendable, Hashable {
    /// GET; any 2xx is success.
    case http(url: String)
    /// A TCP connection that is accepted.
    case tcp(host: String, port: UInt16)
    /// As `http`, over a unix socket.
    case socket(path: String, question: String)
    /// A program that exits 0 in time; it runs with the environment of the process.
    case exec(command: [String])

    /// One line for people.
    package var text: String {
        switch self {
        case .http(let url): "GET \(url)"
        case .tcp(let host, let port): "TCP \(Endpoint(host: host, port: port).text)"
        case .socket(let path, let question): "GET \(question) at \(path)"
        case .exec(let command): "exec \(command.joined(separator: " "))"
        }
    }
}

/// What one probe found out, with the time each phase took.
package struct ProbeResult: Sendable, Equatable {
    package enum Failure: Sendable, Equatable {
        case timeout(phase: String)
        case connect(String)
        case status(Int)
        case exit(Int32)
        case other(String)

        /// The value of the metric label `reason`.
        package var reason: String {
            switch self {
            case .timeout: "timeout"
            case .connect: "connect"
            case .status: "status"
            case .exit: "exit"
            case .other: "other"
            }
        }
    }

    /// nil: it passed.
    package var failure: Failure?
    /// From start to the last byte, or to giving up.
    package var total: Duration
    /// Name resolution, TCP connect, TLS, first byte: since start, nil when not reached or not HTTP.
    package var nameLookup: Duration?
    package var connect: Duration?
    package var tls: Duration?
    package var firstByte: Duration?

    package init(
        failure: Failure? = nil, total: Duration, nameLookup: Duration? = nil, connect: Duration? = nil,
        tls: Duration? = nil, firstByte: Duration? = nil
    ) {
        self.failure = failure
        self.total = total
        self.nameLookup = nameLookup
        self.connect = connect
        self.tls = tls
        self.firstByte = firstByte
    }

    /// Whether the question was answered well.
    package var passed: Bool { failure == nil }

    /// What happened, for an event's evidence.
    package var text: String {
        switch failure {
        case nil: "passed in \(total.milliseconds) ms"
        case .timeout(let phase): "no answer after \(total.milliseconds) ms (\(phase))"
        case .connect(let why): "cannot connect: \(why)"
        case .status(let code): "HTTP \(code)"
        case .exit(let code): "exit code \(code)"
        case .other(let why): why
        }
    }
}
