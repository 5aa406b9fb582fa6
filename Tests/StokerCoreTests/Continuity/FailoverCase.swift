import StokerCore

/// A model with backends, a gateway that is asked now and then, and a clock between them; times are milliseconds.
struct FailoverCase {
    /// Far from zero, as the monotonic clock of a machine is.
    static let origin: Int64 = 7_000_000

    var clock = FailoverClock(startedAt: FailoverCase.at(0))
    var book = LossBook()
    var life: Int64 = 1
    var usable: Set<String>
    /// By how much the wall clock is off.
    var wallOffset: Int64 = 0
    private(set) var records: [FailoverRecord] = []
    private(set) var models: [String: [String]]
    private var out: Set<String> = []

    init(_ models: [String: [String]] = ["m": ["a", "b"]]) {
        self.models = models
        usable = Set(models.values.joined())
        observe(.table(table), 1)
        report(2)
    }

    static func at(_ milliseconds: Int64) -> BootTime { BootTime(nanoseconds: (origin + milliseconds) * 1_000_000) }

    /// The same in microseconds.
    static func at(micro: Int64) -> BootTime { BootTime(nanoseconds: origin * 1_000_000 + micro * 1000) }

    var table: RoutingTable {
        RoutingTable(
            version: 1, epoch: 1, limits: GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 1)),
            backends: Set(models.values.joined()).sorted().map {
                BackendRoute(name: $0, address: BackendAddress(host: "h", port: 1), inRotation: !out.contains($0))
            },
            models: models.sorted { $0.key < $1.key }.map { ModelRoute(name: $0.key, tiers: [$0.value]) })
    }

    mutating func observe(_ observation: FailoverClock.Observation, _ time: Int64) {
        let wall = Timestamp(milliseconds: 1_000_000 + time + wallOffset)
        records += clock.handle(observation, at: Self.at(time), wall: wall)
    }

    /// The gateway is asked.
    mutating func report(_ time: Int64) {
        book.tick(Self.at(time))
        observe(.gateway(GatewayLosses(life: life, losses: book.losses), usable: usable), time)
    }

    /// Is asked again and again, also while it has nothing to tell.
    mutating func reports(from start: Int64, to end: Int64, every period: Int64 = 500) {
        for time in stride(from: start, through: end, by: Int64.Stride(period)) { report(time) }
    }

    // MARK: What happens in the gateway

    mutating func note(
        _ sign: BackendLoss.Sign, _ backend: String, _ time: Int64, isOut: Bool = true, lastHeard: Int64? = nil,
        inFlight: Int = 0, words: String = ""
    ) {
        let served = models.filter { $0.value.contains(backend) }.map(\.key)
        let subject = LossBook.Subject(
            backend: backend, models: served, lastHeard: lastHeard.map { Self.at($0) }, inFlight: inFlight)
        book.note(sign, subject, words: words, isOut: isOut, at: Self.at(time))
        if isOut { usable.remove(backend) }
    }

    mutating func back(_ backend: String, _ time: Int64) {
        book.back(backend, at: Self.at(time))
        usable.insert(backend)
    }

    // MARK: What happens in the control plane

    /// The table goes out without the backend, or with it again.
    mutating func route(_ backend: String, isIn: Bool, _ time: Int64) {
        if isIn { out.remove(backend) } else { out.insert(backend) }
        observe(.table(table), time)
    }

    /// Another gateway, which knows nothing.
    mutating func replaceGateway() {
        life += 1
        book = LossBook()
    }

    mutating func change(_ models: [String: [String]], _ time: Int64) {
        self.models = models
        observe(.table(table), time)
    }
}
