import FoundationEssentials
import StokerCore
import StokerGateway
import StokerMetrics
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("The private socket", .timeLimit(.minutes(1)))
struct ControlTests {
    static func table(version: UInt64, epoch: Int64 = 5, model: String = "m") -> RoutingTable {
        RoutingTable(
            version: version, epoch: epoch, limits: GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0)),
            backends: [
                BackendRoute(name: "a", address: BackendAddress(host: "127.0.0.1", port: 1), inRotation: true)
            ],
            models: [ModelRoute(name: model, tiers: [["a"]])])
    }

    static func put(_ table: RoutingTable) throws -> String {
        let json = String(decoding: try JSONEncoder().encode(table), as: UTF8.self)
        return "PUT /table HTTP/1.1\r\nHost: g\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)"
    }

    /// A gateway with a private socket in a directory of its own, and a connection to it.
    static func with(_ body: (TestGateway, TestClient, _ path: String) async throws -> Void) async throws {
        let directory = "/tmp/stoker-gateway-test-\(UInt64.random(in: .min ... .max))"
        mkdir(directory, 0o700)
        defer { rmdir(directory) }
        let path = directory + "/gateway.sock"
        defer { unlink(path) }
        try await TestGateway.with(socketPath: path) { gateway in
            try await body(gateway, try await TestClient.connect(toSocket: path), path)
        }
    }

    @Test("only its owner can open it")
    func mode() async throws {
        try await Self.with { _, _, path in
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    private static let atRest = BackendStatus(
        name: "a", usable: true, inFlight: 0, state: "working", share: 100, panic: false, proof: [])

    @Test("a table comes into force, its status and metrics can be read")
    func table() async throws {
        try await Self.with { gateway, client, _ in
            #expect(try await client.roundTrip(Self.put(Self.table(version: 3))).status == 200)
            let status = try await client.roundTrip(TestGateway.get("/status"))
            let said = try JSONDecoder().decode(GatewayStatus.self, from: Data(status.body.utf8))
            #expect(said.version == 3 && said.epoch == 5)
            #expect(said.backends == [Self.atRest])
            #expect(said.notices?.notices == [])
            #expect(try await gateway.chat().status == 503)
            let metrics = try await client.roundTrip(TestGateway.get("/metrics"))
            #expect(metrics.headers["content-type"] == MetricsSnapshot.wireContentType)
            #expect(gateway.metric("stoker_gateway_backend_up", "a", "m") == 0)
        }
    }

    @Test("tells what it is doing and has done lately, by a query")
    func requests() async throws {
        try await Self.with { _, client, _ in
            #expect(try await client.roundTrip(Self.put(Self.table(version: 3))).status == 200)
            let page = try await client.roundTrip(TestGateway.get("/requests?after=0&limit=5"))
            #expect(page.headers["content-type"] == "application/json")
            #expect(
                try JSONDecoder().decode(RequestPage.self, from: Data(page.body.utf8))
                    == RequestPage(backends: [Self.atRest]))
            for query in ["limit=0", "limt=1", "after=x"] {
                #expect(try await client.roundTrip(TestGateway.get("/requests?\(query)")).status == 400, "\(query)")
            }
            let post = "POST /requests HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\n\r\n"
            #expect(try await client.roundTrip(post).status == 405)
        }
    }

    @Test("an older table is refused, a newer control plane's wins whatever its version")
    func order() async throws {
        try await Self.with { gateway, client, _ in
            #expect(try await client.roundTrip(Self.put(Self.table(version: 3))).status == 200)
            let older = try await client.roundTrip(Self.put(Self.table(version: 2)))
            #expect(older.status == 409)
            #expect(older.body == "table 3 of epoch 5 is in force and newer\n")
            #expect(try await client.roundTrip(Self.put(Self.table(version: 9, epoch: 4))).status == 409)
            #expect(try await client.roundTrip(Self.put(Self.table(version: 1, epoch: 6, model: "n"))).status == 200)
            #expect(gateway.server.desk.table.models.keys.sorted() == ["n"])
        }
    }

    @Test("what is not a table is refused and the old one stays")
    func garbage() async throws {
        try await Self.with { gateway, client, _ in
            #expect(try await client.roundTrip(Self.put(Self.table(version: 3))).status == 200)
            let request = "PUT /table HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\n\r\n{}"
            let response = try await client.roundTrip(request)
            #expect(response.status == 400)
            #expect(try await client.roundTrip(TestGateway.get("/nothing")).status == 404)
            #expect(
                try await client.roundTrip("POST /table HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\n\r\n").status == 405
            )
            #expect(gateway.server.desk.table.source.version == 3)
        }
    }

    @Test("tables swapped under load lose no request, and counts in flight survive them")
    func swapUnderLoad() async throws {
        let a = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        let b = try await FakeBackend.start("b") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [a, b])
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let client = try await TestClient.connect(to: gateway.port)
                        var statuses: [Int] = []
                        for _ in 0..<25 { statuses.append(try await client.roundTrip(TestGateway.post()).status) }
                        return statuses
                    }
                }
                for version in 2..<100 as Range<UInt64> {
                    try gateway.route(to: version % 3 == 0 ? [a] : version % 3 == 1 ? [b] : [a, b], version: version)
                    await Task.yield()
                }
                return try await group.reduce(into: [Int]()) { $0 += $1 }
            }
            #expect(statuses == Array(repeating: 200, count: 200))
            #expect(gateway.server.desk.table.status.backends.map(\.inFlight).allSatisfy { $0 == 0 })
        }
        try await a.kill()
        try await b.kill()
    }

    @Test("draining refuses new connections, finishes what is in flight and then ends")
    func drain() async throws {
        let engine = try await FakeBackend.start("a") { _, _ in }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let idle = try await TestClient.connect(to: gateway.port)
            #expect(try await idle.roundTrip(TestGateway.get("/health")).status == 200)
            let busy = try await TestClient.connect(to: gateway.port)
            try await busy.send(TestGateway.post())
            let reply = await engine.reply()
            async let drained: Void = gateway.server.drain(clock: ContinuousClock(), lookEvery: .milliseconds(5))
            _ = await idle.transcript.end()
            await #expect(throws: (any Error).self) { try await TestClient.connect(to: gateway.port) }
            reply.json("{}")
            let text = await busy.transcript.end()
            #expect(TestResponse.parse(text).first?.status == 200)
            #expect(text.contains("Connection: close\r\n"))
            try await busy.close()
            await drained
        }
        try await engine.kill()
    }
}
