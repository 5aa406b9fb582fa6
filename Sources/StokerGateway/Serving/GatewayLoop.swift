import NIOCore
import StokerCore
import StokerHost
import StokerMetrics
import StokerNet

/// One event loop's share of the gateway: its connections, its idle upstream connections, its view of the table.
/// Confined to its loop's thread; what all loops share is in `BackendCell` and in the metrics.
///
/// Nobody refers to it weakly, nor to a connection: the first weak reference makes each later retain several times
/// dearer, and a loop lives as long as its thread.
final class GatewayLoop {
    /// Deadlines are looked at this often: coarse, but one timer for all connections.
    static let tickInterval = Duration.milliseconds(100)
    /// The same while nobody has a deadline: then a tick only measures the loop's lag, and sleep is worth more.
    static let idleInterval = Duration.seconds(1)

    /// Largest storage that is kept for answers to come.
    private static let spareStorage = 64 << 10

    let events: SocketLoop
    let meters: LoopMeters
    let recent: RecentRequests
    let notices: NoticeBoard
    private let mailbox: Mailbox<GatewayLoop>
    private let connections: ConnectionCount
    private(set) var table: CompiledTable
    var waiting = WaitingRequests()
    private var pool = UpstreamPool()
    /// No connection outlives its next answer.
    private(set) var isDraining = false
    private var balancer: Balancer
    private var requestIDs: RequestIDs
    private var clients: [ObjectIdentifier: ClientConnection] = [:]
    private var tickNumber = 0
    /// Names that are being looked up.
    private var lookups: [Int: (NetAddress?) -> Void] = [:]
    private var lookupNumber = 0
    private var isIdle = true
    /// Storage that the next answer is held in.
    private var spare = ByteBuffer()

    init(
        _ mailbox: Mailbox<GatewayLoop>, index: Int, table: CompiledTable, metrics: GatewayMetrics,
        connections: ConnectionCount, recent: RecentRequests, notices: NoticeBoard
    ) throws(SystemError) {
        self.mailbox = mailbox
        self.recent = recent
        self.notices = notices
        self.connections = connections
        self.table = table
        events = try SocketLoop(bell: mailbox.bell)
        meters = LoopMeters(metrics, loop: index)
        meters.follow(table.backends.map(\.cell))
        balancer = Balancer(turn: index)
        requestIDs = RequestIDs(seed: .random(in: .min ... .max))
    }

    /// Monotonic time; only differences mean anything.
    var now: Duration { events.now }

    /// What is being served on this loop.
    func live() -> [LiveRequest] {
        let (now, wall) = (now, MetricsClock.system.wall())
        return clients.values.compactMap { $0.live(at: now, wall: wall) }
    }

    var hasClients: Bool { !clients.isEmpty }

    func nextRequestID() -> String { requestIDs.next() }

    /// 64 bits that nobody has seen before.
    func drawNumber() -> UInt64 { requestIDs.draw() }

    /// The balancer's choice for a request that began with `table`.
    func pick(among tiers: [[Int]], avoiding tried: [Int], key: UInt64?, in table: CompiledTable) -> Pick {
        balancer.choose(
            among: tiers, avoiding: tried, key: key, in: TableView(table: table, now: events.nanoseconds))
    }

    /// The same for a request that cannot wait: where all are full, the one with the least to do.
    func choose(among tiers: [[Int]], avoiding tried: [Int], key: UInt64?, in table: CompiledTable) -> Int? {
        let view = TableView(table: table, now: events.nanoseconds)
        switch balancer.choose(among: tiers, avoiding: tried, key: key, in: view) {
        case .backend(let found): return found
        case .none: return nil
        case .full:
            let overflow = Overflow(view)
            guard case .backend(let found) = balancer.choose(among: tiers, avoiding: tried, in: overflow) else {
                return nil
            }
            return found
        }
    }

    /// Whether a backend is asked only because nobody else is in rotation.
    func isPanic(_ place: Int, in table: CompiledTable) -> Bool {
        let backend = table.backends[place]
        return !backend.route.inRotation || backend.cell.standing == .lastResort
    }

    /// An empty buffer, with the storage of one that was given back if there is one.
    func takeSpare() -> ByteBuffer {
        defer { spare = ByteBuffer() }
        return spare
    }

    /// Takes a buffer back that is done with.
    func keepSpare(_ buffer: inout ByteBuffer) {
        if buffer.storageCapacity <= Self.spareStorage { swap(&spare, &buffer) }
        buffer = ByteBuffer()
        spare.clear()
    }

    /// Serves until `events` is stopped. Blocks the thread.
    func run() {
        scheduleTick()
        events.run { mailbox.open(for: self) }
    }

    // MARK: Clients

    /// Takes over a connection that was just accepted.
    func adopt(_ accepted: AcceptedSocket) {
        let client = ClientConnection(loop: self, peer: accepted.peer)
        guard client.start(accepted) else { return connections.closed() }
        clients[ObjectIdentifier(client)] = client
        if isIdle { scheduleTick() }
    }

    /// The connection is closed.
    func remove(_ client: ClientConnection) {
        guard clients.removeValue(forKey: ObjectIdentifier(client)) != nil else { return }
        connections.closed()
    }

    /// Ends idle connections now and busy ones after their response.
    func drain() {
        isDraining = true
        for client in Array(clients.values) { client.drain() }
    }

    /// Ends each connection after an answer that says so.
    func leave() {
        isDraining = true
        for client in clients.values { client.leave() }
    }

    /// Looks at every deadline, again and again, and measures how late it does so.
    private func scheduleTick() {
        isIdle = clients.isEmpty && pool.isEmpty
        let pause = isIdle ? Self.idleInterval : Self.tickInterval
        tickNumber += 1
        let (number, due) = (tickNumber, events.now + pause)
        events.after(pause) {
            guard number == self.tickNumber else { return }
            let now = self.now
            self.meters.ticked(late: max(.zero, now - due))
            for client in Array(self.clients.values) { client.tick(now) }
            self.advanceAll()
            for upstream in self.pool.takeExpired(at: now) { upstream.close() }
            self.scheduleTick()
        }
    }

    /// A request that waits, as other loops know it.
    func waiter(_ request: Forwarding) -> Admission.Waiter {
        Admission.Waiter(loop: mailbox, number: waiting.add(request))
    }

    // MARK: Backends

    /// Puts another table in force for the requests that come from now on.
    func apply(_ next: CompiledTable) {
        let kept = Set(next.backends.map(\.cell.id))
        table = next
        for upstream in pool.takeAll(exceptOf: kept) { upstream.close() }
        meters.follow(next.backends.map(\.cell), models: next.source.models.map(\.name))
        for client in clients.values { client.limits = next.limits }
        reviewWaiting()
    }

    /// Hands an address of a backend to the body, nil when it has none: at once, or when its name has been looked up.
    func resolve(_ backend: CompiledTable.Backend, _ body: @escaping (NetAddress?) -> Void) {
        if let address = backend.address { return body(address) }
        lookupNumber += 1
        lookups[lookupNumber] = body
        let (number, host, port) = (lookupNumber, backend.route.address.host, backend.route.address.port)
        let mailbox = mailbox
        // getaddrinfo blocks.
        let thread: ()? = try? OwnThread.start {
            let found = (try? NetAddress.resolve(host: host, port: port))?.first
            mailbox.execute { $0.lookedUp(number, found) }
        }
        if thread == nil { events.after(.zero) { self.lookedUp(number, nil) } }
    }

    private func lookedUp(_ number: Int, _ address: NetAddress?) {
        lookups.removeValue(forKey: number)?(address)
    }

    /// Hands back a connection for the next request, unless its backend has left the table.
    func park(_ upstream: UpstreamConnection) {
        guard !isDraining, let backend = table.backends.first(where: { $0.cell === upstream.cell }) else {
            return upstream.close()
        }
        pool.put(upstream, until: now + backend.route.keepAlive)
    }

    func takeParked(_ cell: BackendCell) -> UpstreamConnection? { pool.take(cell.id) }
    func forget(_ upstream: UpstreamConnection) { pool.remove(upstream) }

    /// Takes note of a connection failure; the first one starts asking for the backend's health.
    func condemn(_ cell: BackendCell, because failure: AttemptFailure) {
        for upstream in pool.takeAll(of: cell.id) { upstream.close() }
        tell(.connectionFailed, of: cell, because: failure)
    }

    /// Tells a backend's recovery what happened, and does what it asks for.
    func tell(_ event: BackendRecovery.Event, of cell: BackendCell, because failure: AttemptFailure? = nil) {
        follow(cell.note(event, at: events.nanoseconds, reason: failure?.text), for: cell, because: failure)
    }

    /// Does what a backend's recovery asks for.
    func follow(_ effects: [BackendRecovery.Effect], for cell: BackendCell, because failure: AttemptFailure? = nil) {
        for effect in effects {
            switch effect {
            case .ask(let delay, let generation): events.after(delay) { self.ask(cell, generation: generation) }
            case .rest(let time, let generation):
                events.after(time) { self.tell(.rested(generation: generation), of: cell) }
            case .warm(let time, let generation):
                events.after(time) { self.tell(.warmed(generation: generation), of: cell) }
            case .left:
                guard let failure else { continue }
                meters.backend(cell).ejected(for: failure)
                noteLoss(of: cell, failure, isOut: true)
            case .spared: meters.backend(cell).spared()
            case .readmit:
                noteBack(cell)
                readmitted(cell)
            }
        }
    }

    /// A backend has said nothing for a while to somebody who waits. That is what a long prompt looks like, and a
    /// process that is stopped or hangs; its health path, asked once, tells which.
    ///
    /// Never the last one that could serve the model: two that are busy would be silent alike.
    func suspect(
        _ backend: CompiledTable.Backend, of model: CompiledTable.Model, in table: CompiledTable,
        within patience: Duration
    ) {
        let (cell, asked) = (backend.cell, events.nanoseconds)
        guard cell.isWorking, cell.mayAsk(at: asked, every: Silence.pause) else { return }
        HealthAsk(backend, within: patience, on: self) { result in
            guard case .failure(let failure) = result, !failure.isAnswer, cell.lastHeard < asked else { return }
            guard table.hasOther(than: cell, for: model) else { return }
            self.condemn(cell, because: .frozen)
            cell.freeze(at: self.events.nanoseconds)
        }
    }

    private func ask(_ cell: BackendCell, generation: UInt64) {
        guard let backend = table.backends.first(where: { $0.cell === cell }) else { return }
        HealthAsk(backend, on: self) { result in
            switch result {
            case .success: self.tell(.answered(generation: generation), of: cell)
            case .failure(let failure):
                let effects = cell.note(
                    .silent(generation: generation), at: self.events.nanoseconds, reason: failure.words)
                self.follow(effects, for: cell)
            }
        }
    }
}

/// How long a backend may say nothing.
enum Silence {
    /// Before somebody asks for its health, in nanoseconds: a second, or less where the whole patience is short.
    static func bound(_ deadlines: Deadlines) -> Int64 { min(1_000_000_000, deadlines.firstToken.nanoseconds / 4) }
    /// For an answer then. SGLang's `/health` sleeps a second before it answers.
    static func patience(_ deadlines: Deadlines) -> Duration { min(.milliseconds(1500), deadlines.firstToken / 4) }
    /// Between two questions to one backend, in nanoseconds.
    static let pause: Int64 = 2_000_000_000
}
