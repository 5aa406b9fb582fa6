package import StokerCore
import StokerNet
import StokerWire

/// A routing table made ready for the hot path: names replaced by places, texts rendered. Immutable and shared by all
/// event loops; a request keeps the one that it began with.
package final class CompiledTable: Sendable, BackendView {
    package let source: RoutingTable
    package let backends: [Backend]
    package let models: [String: Model]
    /// Backends of earlier tables that may have requests in flight still.
    let former: [BackendCell]
    let limits: ClientLimits
    let security: ListenerSecurity
    /// The body of `GET /v1/models`.
    let modelList: String

    /// One backend. An object, like `Model`: each request refers to it, and to copy it would cost more than to use it.
    package final class Backend: Sendable {
        package let route: BackendRoute
        package let cell: BackendCell
        /// Where to connect; nil for a host name, which is looked up for each new connection.
        let address: NetAddress?
        /// The value of `Host`.
        let authority: String
        /// What stands between the target and the client's own header lines.
        let opening: [UInt8]

        init(_ route: BackendRoute, _ cell: BackendCell) {
            self.route = route
            self.cell = cell
            address = NetAddress(numeric: route.address.host, port: route.address.port)
            authority = Endpoint(host: route.address.host, port: route.address.port).text
            opening = Array(" HTTP/1.1\r\nHost: \(authority)\r\n".utf8)
        }

        /// Why it gets nothing now, nil when it does.
        package var trouble: String? {
            if let fault = cell.tlsFault { return fault }
            if !route.inRotation { return route.reason.isEmpty ? "out of rotation" : route.reason }
            return cell.isWorking ? nil : cell.lastError ?? "connection failed"
        }
    }

    /// One model.
    package final class Model: Sendable {
        package let route: ModelRoute
        /// `route.tiers`, as places in `backends`.
        package let tiers: [[Int]]

        init(_ route: ModelRoute, tiers: [[Int]]) {
            self.route = route
            self.tiers = tiers
        }
    }

    /// Compiles a table.
    ///
    /// - Parameter before: its cells are kept for backends of the same name and address, so counts and suspicions stay.
    package convenience init(_ source: RoutingTable, after before: CompiledTable? = nil) {
        self.init(source, after: before, security: before?.security ?? .none)
    }

    init(_ source: RoutingTable, after before: CompiledTable?, security: ListenerSecurity) {
        self.source = source
        self.security = security
        let known = Dictionary(
            (before?.backends ?? []).map { ($0.cell.name, $0.cell) }, uniquingKeysWith: { first, _ in first })
        backends = source.backends.map { route in
            let kept = known[route.name].flatMap { $0.address == route.address ? $0 : nil }
            return Backend(route, kept ?? BackendCell(name: route.name, address: route.address))
        }
        // All that this table drops, busy or not: until every loop has it, some may get one more request.
        let present = Set(backends.map(\.cell.id))
        let dropped = (before?.backends ?? []).map(\.cell).filter { !present.contains($0.id) }
        former = (before?.former ?? []).filter { $0.inFlight > 0 } + dropped
        let places = Dictionary(
            source.backends.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        models = Dictionary(
            source.models.map { route in
                (route.name, Model(route, tiers: route.tiers.map { $0.compactMap { places[$0] } }))
            }, uniquingKeysWith: { first, _ in first })
        modelList = Self.list(source)
        limits = ClientLimits(source.limits)
    }

    /// The table before the first one came: it serves nobody.
    package static func empty(limits: GatewayPlan) -> CompiledTable {
        CompiledTable(RoutingTable(version: 0, epoch: 0, limits: limits, backends: [], models: []))
    }

    package func isUsable(_ backend: Int) -> Bool {
        let backend = backends[backend]
        return backend.route.inRotation && backend.cell.isOffered && backend.cell.isWorking
            && backend.cell.tlsFault == nil
    }

    /// Tells its backends, and those that it has dropped, whether requests of earlier tables may still be tried there:
    /// only once every loop goes by this table, lest a request should find nobody by the table before.
    func announce() {
        // One that fails its probe runs on, and may be better than nobody.
        for backend in backends { backend.cell.offer(backend.route.inRotation || backend.route.isUnready) }
        for cell in former { cell.offer(false) }
    }

    package func inFlight(_ backend: Int) -> Int { backends[backend].cell.inFlight }

    /// The backends that are passed over while there are others.
    func shunned(at now: Int64) -> [Int] { backends.indices.filter { backends[$0].cell.isShunned(at: now) } }

    /// Whether somebody else could serve the model now, who has not failed on the request already.
    func hasOther(than cell: BackendCell, for model: Model, avoiding tried: [Int] = []) -> Bool {
        model.tiers.contains { $0.contains { backends[$0].cell !== cell && isUsable($0) && !tried.contains($0) } }
    }

    /// Why nobody serves a model, one clause per backend.
    package func troubles(of model: Model) -> String {
        let clauses = model.tiers.joined().map { "\(backends[$0].route.name): \(backends[$0].trouble ?? "busy")" }
        return clauses.isEmpty ? "it has none" : clauses.joined(separator: "; ")
    }

    /// What the private socket tells the control plane.
    package var status: GatewayStatus {
        GatewayStatus(
            version: source.version, epoch: source.epoch,
            backends: backends.enumerated().map { place, backend in
                BackendStatus(
                    name: backend.route.name, usable: isUsable(place), inFlight: backend.cell.inFlight,
                    lastError: backend.cell.isWorking ? nil : backend.trouble)
            },
            former: former.filter { $0.inFlight > 0 }.map {
                BackendStatus(name: $0.name, usable: false, inFlight: $0.inFlight)
            })
    }

    static func entry(_ model: ModelRoute, created: Int64) -> String {
        "{\"id\":\(JSONText.encode(model.name)),\"object\":\"model\",\"created\":\(created),\"owned_by\":\"stoker\"}"
    }

    private static func list(_ table: RoutingTable) -> String {
        let entries = table.models.map { entry($0, created: table.epoch / 1000) }
        return "{\"object\":\"list\",\"data\":[\(entries.joined(separator: ","))]}"
    }
}

/// Which of two tables wins: a newer control plane's, else the higher version.
package enum TableOrder {
    package static func mayReplace(_ present: RoutingTable, with next: RoutingTable) -> Bool {
        if next.epoch != present.epoch { return next.epoch > present.epoch }
        return next.version >= present.version
    }
}

/// The view of a choice when nobody is in rotation: a backend that its readiness probe has taken out, but that has just
/// answered a request, is better evidence than the probe.
struct LastResort: BackendView {
    /// How long ago it may have been, in nanoseconds.
    private static let memory: Int64 = 10_000_000_000

    let table: CompiledTable
    let now: Int64

    func isUsable(_ backend: Int) -> Bool {
        let backend = table.backends[backend]
        return backend.route.isUnready && backend.cell.isWorking && backend.cell.tlsFault == nil
            && now - backend.cell.lastHeard < Self.memory
    }

    func inFlight(_ backend: Int) -> Int { table.inFlight(backend) }
}
