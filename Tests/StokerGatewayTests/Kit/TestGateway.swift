import Logging
import StokerCore
import StokerGateway
import StokerMetrics

/// A gateway on a port of the kernel's choice, with a table for the model `m`.
struct TestGateway: Sendable {
    let server: GatewayServer
    let registry: MetricsRegistry

    /// Short enough for tests, long enough for a loaded machine.
    static let patient = Deadlines(connect: .seconds(5), firstToken: .seconds(30), stall: .seconds(30))

    var port: Int { server.localPort ?? 0 }

    /// Starts a gateway, hands it to `body`, and ends it.
    static func with<Result>(
        limits: GatewayPlan = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0), threads: 1),
        socketPath: String? = nil, _ body: (TestGateway) async throws -> Result
    ) async throws -> Result {
        let registry = MetricsRegistry(component: "gateway")
        let server = try GatewayServer.start(
            .bind(Endpoint(host: "127.0.0.1", port: 0)), limits: limits, socketPath: socketPath, registry: registry,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            // Clients are accepted from the first table on.
            try server.desk.apply(RoutingTable(version: 0, epoch: 0, limits: limits, backends: [], models: []))
            let result = try await body(TestGateway(server: server, registry: registry))
            await server.shutdown()
            return result
        } catch {
            await server.shutdown()
            throw error
        }
    }

    /// Routes the model `m` to these backends.
    func route(
        to backends: [FakeBackend], standby: [FakeBackend] = [], deadlines: Deadlines = patient,
        servedAs: String? = nil, version: UInt64 = 1,
        limits: GatewayPlan = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0))
    ) throws {
        try route(
            (backends + standby).map(\.route),
            ModelRoute(
                name: "m", tiers: [backends.map(\.name), standby.map(\.name)], servedAs: servedAs,
                deadlines: deadlines), version: version, limits: limits)
    }

    func route(
        _ backends: [BackendRoute], _ model: ModelRoute, version: UInt64 = 1,
        limits: GatewayPlan = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0))
    ) throws {
        try server.desk.apply(
            RoutingTable(
                version: version, epoch: 1_700_000_000_000, limits: limits, backends: backends, models: [model]))
    }

    /// Opens a connection, sends one chat request and returns its response.
    func chat(_ body: String = #"{"model":"m"}"#) async throws -> TestResponse {
        let client = try await TestClient.connect(to: port)
        let response = try await client.roundTrip(Self.post(body))
        try await client.close()
        return response
    }

    static func post(
        _ body: String = #"{"model":"m"}"#, path: String = "/v1/chat/completions", headers: String = ""
    ) -> String {
        "POST \(path) HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n\(headers)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func get(_ path: String, headers: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: gateway\r\n\(headers)\r\n"
    }

    /// The names of the backends that get requests.
    var usable: [String] { server.desk.table.status.backends.filter(\.usable).map(\.name) }

    /// The value of a metric, labels in the order of the family.
    func metric(_ name: String, _ labels: String...) -> Double? {
        let family = registry.snapshot().families.first { $0.name == name }
        guard let value = family?.series.first(where: { $0.labels == labels })?.value else { return nil }
        return switch value {
        case .number(let number): number
        case .histogram(let distribution): Double(distribution.count)
        }
    }
}
