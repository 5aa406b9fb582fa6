import NIOCore
import StokerCore
import StokerMetrics

/// One event loop's share of the gateway: its connections, its idle upstream connections, its view of the table.
/// Confined to its loop; what all loops share is in `BackendCell` and in the metrics.
final class GatewayLoop {
    /// Deadlines are looked at this often: coarse, but one timer for all connections.
    static let tickInterval = Duration.milliseconds(50)
    /// The same while nobody has a deadline: then a tick only measures the loop's lag, and sleep is worth more.
    static let idleInterval = Duration.seconds(1)

    let eventLoop: any EventLoop
    let meters: LoopMeters
    let recent: RecentRequests
    private(set) var table: CompiledTable
    private var pool = UpstreamPool()
    private var scratch = ByteBuffer()
    private(set) var isDraining = false
    private var balancer: Balancer
    private var requestIDs: RequestIDs
    private var clients: [ObjectIdentifier: ClientConnection] = [:]
    private var nextTick: Scheduled<Void>?
    private var isIdle = true

    init(
        eventLoop: any EventLoop, index: Int, table: CompiledTable, metrics: GatewayMetrics, recent: RecentRequests
    ) {
        self.eventLoop = eventLoop
        self.table = table
        self.recent = recent
        meters = LoopMeters(metrics, loop: index)
        meters.follow(table.backends.map(\.cell))
        balancer = Balancer(turn: index)
        requestIDs = RequestIDs(seed: .random(in: .min ... .max))
    }

    /// Monotonic time; only differences mean anything.
    var now: Duration { .nanoseconds(Int64(clamping: eventLoop.now.uptimeNanoseconds)) }

    /// What is being served on this loop.
    func live() -> [LiveRequest] {
        let (now, wall) = (now, MetricsClock.system.wall())
        return clients.values.compactMap { $0.live(at: now, wall: wall) }
    }

    var hasClients: Bool { !clients.isEmpty }

    func nextRequestID() -> String { requestIDs.next() }

    /// Lets `build` write a message into storage that is used again once the kernel has taken it.
    func compose(_ build: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var out = ByteBuffer()
        swap(&out, &scratch)
        // Allocates anew when the last message is still on its way.
        out.clear()
        build(&out)
        scratch = out
        return out
    }

    /// The balancer's choice for a request that began with `table`.
    func choose(among tiers: [[Int]], avoiding tried: [Int], in table: CompiledTable) -> Int? {
        balancer.choose(among: tiers, avoiding: tried, in: table)
    }

    // MARK: Clients

    func add(_ client: ClientConnection) {
        clients[ObjectIdentifier(client)] = client
        guard isIdle else { return }
        nextTick?.cancel()
        scheduleTick()
    }

    func remove(_ client: ClientConnection) { clients[ObjectIdentifier(client)] = nil }

    /// Ends idle connections now and busy ones after their response.
    func drain() {
        isDraining = true
        for client in Array(clients.values) { client.drain() }
    }

    /// Ticks from now on, as long as the event loop runs.
    func scheduleTick() {
        isIdle = clients.isEmpty && pool.isEmpty
        let pause = isIdle ? Self.idleInterval : Self.tickInterval
        let (due, bound) = (now + pause, NIOLoopBound(self, eventLoop: eventLoop))
        nextTick = eventLoop.scheduleTask(in: TimeAmount(pause)) { bound.value.tick(due: due) }
    }

    /// Looks at every deadline, and measures how late it does so.
    private func tick(due: Duration) {
        let now = self.now
        meters.ticked(late: max(.zero, now - due))
        for client in Array(clients.values) { client.tick(now) }
        for upstream in pool.takeExpired(at: now) { upstream.close() }
        scheduleTick()
    }

    // MARK: Backends

    /// Puts another table in force for the requests that come from now on.
    func apply(_ next: CompiledTable) {
        let kept = Set(next.backends.map(\.cell.id))
        table = next
        for upstream in pool.takeAll(exceptOf: kept) { upstream.close() }
        meters.follow(next.backends.map(\.cell), models: next.source.models.map(\.name))
        for client in clients.values { client.limits = next.limits }
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
        follow(cell.note(.connectionFailed, reason: failure.text), for: cell)
    }

    /// Does what a backend's recovery asks for.
    func follow(_ effect: BackendRecovery.Effect?, for cell: BackendCell) {
        guard case .ask(let delay, let generation) = effect else { return }
        eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { self.ask(cell, generation: generation) }
    }

    private func ask(_ cell: BackendCell, generation: UInt64) {
        guard let backend = table.backends.first(where: { $0.cell === cell }) else { return }
        HealthAsk.start(backend, on: eventLoop).assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.follow(cell.note(.answered(generation: generation)), for: cell)
            case .failure(let error):
                let reason = UpstreamError.healthFailure(error)
                self.follow(cell.note(.silent(generation: generation), reason: reason), for: cell)
            }
        }
    }
}
