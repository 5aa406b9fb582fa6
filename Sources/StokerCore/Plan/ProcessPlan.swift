/// One thing that Stoker watches: a process that it starts, or (attach mode) a URL that somebody else runs.
package struct ProcessPlan: Sendable, Equatable {
    /// 1 to 48 characters of `[a-z0-9._-]`, first one a letter or digit; unique.
    package var name: String
    package var kind: ProcessKind
    /// nil for `kind: other`.
    package var engine: Engine?
    /// Program and arguments, placeholders already replaced; nil in attach mode.
    package var command: [String]?
    /// Where it serves: from `url`, or 127.0.0.1 and `port`. nil for a process without a port.
    package var endpoint: BackendAddress?
    /// Absolute working directory; nil is the control plane's.
    package var directory: String?
    /// The whole environment of the child, `NAME=value`: what the config says plus PATH, HOME, LANG, PORT; nothing
    /// leaks in.
    package var environment: [String: Secret]
    package var restart: RestartPolicy
    package var stop: StopPolicy
    /// Names of processes that must have come so far first.
    package var startAfter: [String: StartCondition]
    /// false: only started by hand.
    package var autostart: Bool
    /// How ready it is kept as the standby of some model; nil when it is nobody's.
    package var standby: StandbyMode?
    /// Where an attached backend stands; nil: here.
    package var site: String?
    /// What only one process may hold at a time: `gpu0`. Fresh starts wait for whoever has it.
    package var exclusive: String?
    package var probes: ProbePlans
    package var log: LogPolicy
    package var limits: ResourceLimits
    /// Requests that the engine works on at once; the gateway sends it no more. nil: no bound is known.
    package var slots: Int?

    package init(
        name: String, kind: ProcessKind, engine: Engine? = nil, command: [String]? = nil,
        endpoint: BackendAddress? = nil, directory: String? = nil, environment: [String: Secret] = [:],
        restart: RestartPolicy = RestartPolicy(), stop: StopPolicy = StopPolicy(),
        startAfter: [String: StartCondition] = [:], autostart: Bool = true, standby: StandbyMode? = nil,
        site: String? = nil, exclusive: String? = nil, probes: ProbePlans = ProbePlans(),
        log: LogPolicy = LogPolicy(), limits: ResourceLimits = ResourceLimits(), slots: Int? = nil
    ) {
        self.name = name
        self.kind = kind
        self.engine = engine
        self.command = command
        self.endpoint = endpoint
        self.directory = directory
        self.environment = environment
        self.restart = restart
        self.stop = stop
        self.startAfter = startAfter
        self.autostart = autostart
        self.standby = standby
        self.site = site
        self.exclusive = exclusive
        self.probes = probes
        self.log = log
        self.limits = limits
        self.slots = slots
    }

    /// Whether Stoker starts it, or only watches it (attach mode).
    package var isManaged: Bool { command != nil }

    /// Whether the gateway may send it requests, so that it is drained before it is stopped.
    package var servesClients: Bool { kind == .inference && endpoint != nil }

    /// Whether a process that runs by `old` has to be started again to run by this plan; else it holds from now on.
    ///
    /// A new bound of the log takes effect at the next start: it is not worth a reload of weights.
    package func needsRestart(after old: ProcessPlan) -> Bool {
        command != old.command || directory != old.directory || environment != old.environment || limits != old.limits
            || (isManaged && endpoint != old.endpoint)
    }
}

/// Where a backend is reached over HTTP.
package struct BackendAddress: Sendable, Hashable, Codable {
    package var host: String
    package var port: UInt16
    package var tls: Bool
    /// Put before every path, no slash at the end; usually empty.
    package var pathPrefix: String

    package init(host: String, port: UInt16, tls: Bool = false, pathPrefix: String = "") {
        self.host = host
        self.port = port
        self.tls = tls
        self.pathPrefix = pathPrefix
    }

    /// The address as a URL, for probes and for people.
    package var url: String {
        let literal = host.contains(":") ? "[\(host)]" : host
        return "\(tls ? "https" : "http")://\(literal):\(port)\(pathPrefix)"
    }
}

/// How far another process must have come before this one starts.
package enum StartCondition: String, Sendable, Codable, CaseIterable {
    case started
    case ready
}

/// A value that may be secret: whatever prints it without asking gets `***`.
package struct Secret: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text itself; only for handing it to the process.
    package var revealed: String
    /// Whether it came from `${ENV}` or `${file:…}`.
    package var isSecret: Bool

    package init(_ revealed: String, isSecret: Bool) {
        self.revealed = revealed
        self.isSecret = isSecret
    }

    package init(stringLiteral value: String) { self.init(value, isSecret: false) }

    package var description: String { isSecret ? "***" : revealed }
}

/// When and how often a process that ended is started again.
package struct RestartPolicy: Sendable, Hashable {
    /// The first restart after a stable run is immediate; the next waits up to this long, each following one up to
    /// twice as long.
    package var initialDelay: Duration
    /// Upper bound of the delay.
    package var maxDelay: Duration
    /// A process that has been ready (or, without probes, running) for this long is stable: the delay starts anew.
    package var stableAfter: Duration
    /// This many starts…
    package var giveUpStarts: Int
    /// …within this time are a crash loop: no more restarts until a person acts, and a loud event.
    package var giveUpWithin: Duration

    package init(
        initialDelay: Duration = .milliseconds(50), maxDelay: Duration = .seconds(30),
        stableAfter: Duration = .seconds(60), giveUpStarts: Int = 10, giveUpWithin: Duration = .seconds(600)
    ) {
        self.initialDelay = initialDelay
        self.maxDelay = maxDelay
        self.stableAfter = stableAfter
        self.giveUpStarts = giveUpStarts
        self.giveUpWithin = giveUpWithin
    }
}

/// How a process is stopped: out of rotation until nothing is in flight at it, SIGTERM to its group, `grace`, then
/// SIGKILL to everything that descends from it.
package struct StopPolicy: Sendable, Hashable {
    package var grace: Duration
    /// How long what is in flight may take before SIGTERM; zero: nobody waits for it.
    package var drain: Duration

    package init(grace: Duration = .seconds(30), drain: Duration = .seconds(300)) {
        self.grace = grace
        self.drain = drain
    }
}

/// The bound of a process's log on disk.
package struct LogPolicy: Sendable, Hashable {
    /// Of the current and the older file together.
    package var maxSize: ByteSize

    package init(maxSize: ByteSize = .mebibytes(64)) { self.maxSize = maxSize }
}

/// Kernel limits that the shim sets before it starts the child; nil leaves what the daemon has.
package struct ResourceLimits: Sendable, Hashable {
    /// RLIMIT_NOFILE.
    package var openFiles: UInt64?
    /// RLIMIT_CORE; 0 is no core file. Weights make core files huge, so 0 is the default.
    package var coreBytes: UInt64?
    /// RLIMIT_AS.
    package var addressSpaceBytes: UInt64?
    /// -1000 to 1000; engines die before the control plane.
    package var oomScoreAdjust: Int?

    package init(
        openFiles: UInt64? = nil, coreBytes: UInt64? = 0, addressSpaceBytes: UInt64? = nil, oomScoreAdjust: Int? = 300
    ) {
        self.openFiles = openFiles
        self.coreBytes = coreBytes
        self.addressSpaceBytes = addressSpaceBytes
        self.oomScoreAdjust = oomScoreAdjust
    }
}
