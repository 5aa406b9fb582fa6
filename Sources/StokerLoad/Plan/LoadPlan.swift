/// Everything that one run does, decided before its first request: equal plans offer equal load.
///
/// Arrival (when requests start), stop rule (when the run ends) and transport (how bytes travel) are independent.
package struct LoadPlan: Sendable, Equatable {
    package var target: LoadTarget
    package var arrival: Arrival
    package var stop: StopRule
    package var workload: WorkloadPlan
    package var deadlines: LoadDeadlines
    package var capacity: CapacityPlan
    /// What a good request is; empty: any that succeeds.
    package var objective: Objective
    /// Which part of the whole load this process offers.
    package var shard: Shard
    /// Everything random comes from here.
    package var seed: UInt64

    package init(
        target: LoadTarget, arrival: Arrival, stop: StopRule, workload: WorkloadPlan,
        deadlines: LoadDeadlines = LoadDeadlines(), capacity: CapacityPlan = CapacityPlan(),
        objective: Objective = Objective(), shard: Shard = Shard(), seed: UInt64
    ) {
        self.target = target
        self.arrival = arrival
        self.stop = stop
        self.workload = workload
        self.deadlines = deadlines
        self.capacity = capacity
        self.objective = objective
        self.shard = shard
        self.seed = seed
    }
}

/// When a run ends, and which part of it counts.
package struct StopRule: Sendable, Equatable {
    /// No request starts after this; nil: until `requests` or the trace are through.
    package var duration: Nanoseconds?
    /// No more requests than these; nil: as many as the duration holds.
    package var requests: Int?
    /// Requests scheduled before this are sent and not measured.
    package var warmUp: Nanoseconds
    /// How long requests that are under way at the end may still take; then they are cut and counted as censored.
    package var grace: Nanoseconds

    package init(
        duration: Nanoseconds? = nil, requests: Int? = nil, warmUp: Nanoseconds = 0,
        grace: Nanoseconds = 30_000_000_000
    ) {
        self.duration = duration
        self.requests = requests
        self.warmUp = warmUp
        self.grace = grace
    }
}

/// How long a request may take, from its first byte sent.
package struct LoadDeadlines: Sendable, Equatable {
    /// TCP and TLS.
    package var connect: Nanoseconds
    /// Until the first token (streams) or the whole head (else); nil: `total` alone holds.
    package var firstToken: Nanoseconds?
    /// Between two reads; nil: `total` alone holds.
    package var idle: Nanoseconds?
    package var total: Nanoseconds

    package init(
        connect: Nanoseconds = 5_000_000_000, firstToken: Nanoseconds? = nil, idle: Nanoseconds? = nil,
        total: Nanoseconds = 600_000_000_000
    ) {
        self.connect = connect
        self.firstToken = firstToken
        self.idle = idle
        self.total = total
    }
}

/// What the generator allows itself.
package struct CapacityPlan: Sendable, Equatable {
    /// What happens to a request that is due while the cap is reached. Either way it shows: as send lag or as dropped.
    package enum AtCap: String, Sendable, CaseIterable {
        case queue, drop
    }

    /// Event loops, each on a thread of its own.
    package var loops: Int
    /// Most requests in flight of an open loop; nil: no bound, as open loops are meant.
    package var inFlight: Int?
    package var atCap: AtCap
    /// Whether connections are used again.
    package var keepsAlive: Bool

    package init(loops: Int = 1, inFlight: Int? = nil, atCap: AtCap = .queue, keepsAlive: Bool = true) {
        self.loops = loops
        self.inFlight = inFlight
        self.atCap = atCap
        self.keepsAlive = keepsAlive
    }
}

/// Shard `index` of `count`: of all arrivals it offers every `count`-th, so that all shards together are the plan.
package struct Shard: Sendable, Equatable, Codable {
    /// From 0.
    package var index: Int
    package var count: Int

    package init(index: Int = 0, count: Int = 1) {
        self.index = index
        self.count = count
    }

    /// Whether arrival `number` of the whole plan is this shard's.
    package func owns(_ number: Int) -> Bool { number % count == index }
}

/// Where requests go.
package struct LoadTarget: Sendable, Equatable {
    /// What is asked, and how its answer is read.
    package enum Endpoint: String, Sendable, CaseIterable, Codable {
        /// `/v1/chat/completions`
        case chat
        /// `/v1/completions`
        case completions
        /// Any path; the answer is bytes.
        case http
    }

    package var isTLS: Bool
    /// Host name or IP address, IPv6 without brackets.
    package var host: String
    package var port: UInt16
    /// A unix socket to connect to instead of host and port.
    package var socketPath: String?
    /// The whole path of the request, with its query.
    package var path: String
    package var endpoint: Endpoint
    /// The model's name; empty for `http`.
    package var model: String
    package var isStreamed: Bool
    /// Sent as they are, beside `Host`, `Content-Length`, `Content-Type`, `Accept-Encoding` and `User-Agent`.
    package var headers: [Header]
    /// Whether the server's certificate is believed unseen.
    package var isInsecure: Bool

    /// One header line; the value may be a secret and is never printed.
    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(
        isTLS: Bool = false, host: String, port: UInt16, socketPath: String? = nil, path: String, endpoint: Endpoint,
        model: String = "", isStreamed: Bool = true, headers: [Header] = [], isInsecure: Bool = false
    ) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.socketPath = socketPath
        self.path = path
        self.endpoint = endpoint
        self.model = model
        self.isStreamed = isStreamed
        self.headers = headers
        self.isInsecure = isInsecure
    }
}

/// The bounds that make a request a good one (vLLM's `--goodput`), all of which it must keep.
package struct Objective: Sendable, Equatable, Codable {
    package var ttft: Nanoseconds?
    package var tpot: Nanoseconds?
    package var e2e: Nanoseconds?

    package init(ttft: Nanoseconds? = nil, tpot: Nanoseconds? = nil, e2e: Nanoseconds? = nil) {
        self.ttft = ttft
        self.tpot = tpot
        self.e2e = e2e
    }

    package var isEmpty: Bool { ttft == nil && tpot == nil && e2e == nil }
}
