import NIOCore
import NIOPosix
import StokerCore

/// One event loop's share of the gateway: its connections, its idle upstream connections, its view of the table.
/// Confined to its loop; what all loops share is in `BackendCell` and in the metrics.
final class GatewayLoop {
    /// Deadlines are looked at this often: coarse, but one timer for all connections.
    static let tickInterval = Duration.milliseconds(50)

    let eventLoop: any EventLoop
    let meters: LoopMeters
    private(set) var table: CompiledTable
    private(set) var pool = UpstreamPool()
    private var scratch = ByteBuffer()
    private(set) var isDraining = false
    private var balancer: Balancer
    private var requestIDs: RequestIDs
    private var clients: [ObjectIdentifier: ClientConnection] = [:]
    private var lastTick: Duration?

    init(eventLoop: any EventLoop, index: Int, table: CompiledTable, metrics: GatewayMetrics) {
        self.eventLoop = eventLoop
        self.table = table
        meters = LoopMeters(metrics, loop: index)
        balancer = Balancer(turn: index)
        requestIDs = RequestIDs(seed: .random(in: .min ... .max))
    }

    /// Monotonic time; only differences mean anything.
    var now: Duration { .nanoseconds(Int64(clamping: eventLoop.now.uptimeNanoseconds)) }

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

    func add(_ client: ClientConnection) { clients[ObjectIdentifier(client)] = client }
    func remove(_ client: ClientConnection) { clients[ObjectIdentifier(client)] = nil }

    /// Ends idle connections now and busy ones after their response.
    func drain() {
        isDraining = true
        for client in Array(clients.values) { client.drain() }
    }

    /// Looks at every deadline, and measures how late it does so.
    func tick() {
        let now = self.now
        if let lastTick { meters.ticked(late: max(.zero, now - lastTick - Self.tickInterval)) }
        lastTick = now
        guard !clients.isEmpty || !pool.isEmpty else { return }
        for client in Array(clients.values) { client.tick(now) }
        pool.closeIdle(at: now)
    }

    // MARK: Backends

    /// Puts another table in force for the requests that come from now on.
    func apply(_ next: CompiledTable) {
        let kept = Set(next.backends.map(\.cell.id))
        table = next
        pool.keep(only: kept)
        meters.keep(only: kept)
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
        pool.closeAll(of: cell.id)
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
                let reason = UpstreamError.text(error)
                self.follow(cell.note(.silent(generation: generation), reason: reason), for: cell)
            }
        }
    }
}

/// Idle connections to backends, newest first, because the newest is the least likely to have been closed meanwhile.
struct UpstreamPool {
    private struct Parked {
        var upstream: UpstreamConnection
        var until: Duration
    }

    private var idle: [Int: [Parked]] = [:]

    var isEmpty: Bool { idle.isEmpty }

    mutating func put(_ upstream: UpstreamConnection, until: Duration) {
        idle[upstream.cell.id, default: []].append(Parked(upstream: upstream, until: until))
    }

    mutating func take(_ cell: Int) -> UpstreamConnection? { idle[cell]?.popLast()?.upstream }

    mutating func remove(_ upstream: UpstreamConnection) {
        idle[upstream.cell.id]?.removeAll { $0.upstream === upstream }
    }

    mutating func closeAll(of cell: Int) {
        for parked in idle.removeValue(forKey: cell) ?? [] { parked.upstream.close() }
    }

    mutating func keep(only cells: Set<Int>) {
        for cell in Array(idle.keys) where !cells.contains(cell) { closeAll(of: cell) }
    }

    /// Closes what has been idle for too long; engines close sooner or later, and always at the wrong moment.
    mutating func closeIdle(at now: Duration) {
        for (cell, connections) in idle {
            let expired = connections.filter { $0.until <= now }
            if connections.isEmpty { idle[cell] = nil }
            guard !expired.isEmpty else { continue }
            idle[cell] = connections.filter { $0.until > now }
            for parked in expired { parked.upstream.close() }
        }
    }
}

/// Makes request ids: 16 hex digits, no two alike for as long as anybody looks (a permutation of a counter).
struct RequestIDs {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> String {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return String(unsafeUninitializedCapacity: 16) { out in
            for place in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: mixed >> UInt64(60 - 4 * place)) & 15
                out[place] = digit < 10 ? 0x30 + digit : 0x57 + digit
            }
            return 16
        }
    }

    /// Whether a client's own id may be used: 1 to 64 bytes of `[A-Za-z0-9._-]`, so that it can stand in any log.
    static func isAcceptable(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count) && id.utf8.allSatisfy { ASCII.unreserved.contains($0) && $0 != 0x7E }
    }
}
