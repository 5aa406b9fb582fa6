package import StokerCore
import StokerNet
import StokerWire

/// A routing table made ready for the hot path: names replaced by places, texts rendered. Immutable and shared by all
/// event loops; a request keeps the one that it began with.
package final class CompiledTable: Sendable {
    package let source: RoutingTable
    package let backends: [Backend]
    package let models: [String: Model]
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
        /// What its name draws from.
        let seed: UInt64
        /// Where requests wait for it: of each model that it serves.
        let admissions: [Admission]

        init(_ route: BackendRoute, _ cell: BackendCell, admissions: [Admission]) {
            self.route = route
            self.cell = cell
            self.admissions = admissions
            address = NetAddress(numeric: route.address.host, port: route.address.port)
            authority = Endpoint(host: route.address.host, port: route.address.port).text
            seed = PrefixHash.of(route.name)
            opening = Array(" HTTP/1.1\r\nHost: \(authority)\r\n".utf8)
        }

        /// Why it gets nothing now, nil when it does.
        package var trouble: String? {
            if let fault = cell.tlsFault { return fault }
            if !route.inRotation { return route.reason.isEmpty ? "out of rotation" : route.reason }
            return cell.outBecause
        }

        /// Takes one of its slots; false when there is none.
        func begin() -> Bool { cell.begin(within: route.slots ?? Int.max) }
    }

    /// One model.
    package final class Model: Sendable {
        package let route: ModelRoute
        /// `route.tiers`, as places in `backends`.
        package let tiers: [[Int]]
        /// Whether it matters which backend knows a request's prefix.
        let keepsPrefixes: Bool
        /// Where its requests wait.
        let admission: Admission

        init(_ route: ModelRoute, tiers: [[Int]], admission: Admission) {
            self.admission = admission
            self.route = route
            self.tiers = tiers
            keepsPrefixes = route.affinity == .prefix && tiers.contains { $0.count > 1 }
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
        let admissions = Self.admissions(source, after: before)
        backends = source.backends.map { route in
            let kept = known[route.name].flatMap { $0.address == route.address ? $0 : nil }
            let serves = source.models.filter { $0.tiers.contains { $0.contains(route.name) } }
            return Backend(
                route, kept ?? BackendCell(name: route.name, address: route.address),
                admissions: serves.compactMap { admissions[$0.name] })
        }
        let places = Dictionary(
            source.backends.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        models = Dictionary(
            source.models.map { route in
                let tiers = route.tiers.map { $0.compactMap { places[$0] } }
                return (route.name, Model(route, tiers: tiers, admission: admissions[route.name] ?? Admission(route)))
            }, uniquingKeysWith: { first, _ in first })
        modelList = Self.list(source)
        limits = ClientLimits(source.limits)
    }

    /// Those who wait for a model wait on when there is another table.
    private static func admissions(_ source: RoutingTable, after before: CompiledTable?) -> [String: Admission] {
        Dictionary(
            source.models.map { route in
                guard let kept = before?.models[route.name]?.admission else { return (route.name, Admission(route)) }
                kept.bound(route.queue)
                return (route.name, kept)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The table before the first one came: it serves nobody.
    package static func empty(limits: GatewayPlan) -> CompiledTable {
        CompiledTable(RoutingTable(version: 0, epoch: 0, limits: limits, backends: [], models: []))
    }

    /// Whether a backend gets requests in the ordinary course.
    package func isUsable(_ backend: Int) -> Bool {
        let backend = backends[backend]
        return backend.route.inRotation && backend.cell.isWorking && backend.cell.tlsFault == nil
    }

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
            backends: backends.indices.map(status(of:)))
    }

    private func status(of place: Int) -> BackendStatus {
        let backend = backends[place]
        let recovery = backend.cell.recovery
        // Bad as it is, nobody better serves one of its models.
        let isLast = recovery.standing == .lastResort || recovery.standing == .onTrial || recovery.isSpared
        let models = models.values.filter { $0.tiers.contains { $0.contains(place) } }
        return BackendStatus(
            name: backend.route.name, usable: isUsable(place), inFlight: backend.cell.inFlight,
            lastError: backend.cell.isWorking ? nil : backend.trouble, state: recovery.stateName,
            share: recovery.warmUp.share * 100 / Balancer.fullShare,
            panic: backend.route.inRotation && isLast && models.contains { !hasOther(than: backend.cell, for: $0) },
            proof: recovery.proof)
    }

    /// Whether a model of the backend is served by another one, too.
    func isServed(beside cell: BackendCell) -> Bool {
        models.values.contains { model in
            model.tiers.contains { $0.contains { backends[$0].cell === cell } } && hasOther(than: cell, for: model)
        }
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
