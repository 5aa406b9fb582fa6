import StokerCore
import StokerGateway
import Testing

@Suite("Admission", .timeLimit(.minutes(1)))
struct AdmissionTests {
    /// A gateway on two loops before one backend of so many slots, which answers when the test says so.
    static func with(
        slots: Int = 1, queue: QueuePlan = QueuePlan(), script: @escaping FakeBackend.Script = { _, _ in },
        _ body: (TestGateway, FakeBackend) async throws -> Void
    ) async throws {
        let engine = try await FakeBackend.start("a", script)
        let limits = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0), threads: 2)
        try await TestGateway.with(limits: limits) { gateway in
            try route(gateway, engine, slots: slots, queue: queue)
            try await body(gateway, engine)
        }
        try await engine.kill()
    }

    static func route(
        _ gateway: TestGateway, _ engine: FakeBackend, slots: Int, queue: QueuePlan = QueuePlan(),
        model: String = "m", version: UInt64 = 1
    ) throws {
        var backend = engine.route
        backend.slots = slots
        try gateway.route(
            [backend], ModelRoute(name: model, tiers: [["a"]], deadlines: TestGateway.patient, queue: queue),
            version: version)
    }

    /// A client that has asked.
    static func ask(_ gateway: TestGateway, _ name: String = "x") async throws -> TestClient {
        let client = try await TestClient.connect(to: gateway.port)
        try await client.send(TestGateway.post(headers: "Authorization: Bearer \(name)\r\n"))
        return client
    }

    /// Waits until so many wait.
    static func waiting(_ count: Double, at gateway: TestGateway) async {
        while gateway.metric("stoker_gateway_queue_depth", "m") != count { await Task.yield() }
    }

    static func answer(_ count: Int, at engine: FakeBackend) async {
        for number in 1...count { await engine.reply(number).json("{}") }
    }

    @Test("a request waits for the slot of another, and gets it as soon as that is answered")
    func waits() async throws {
        try await Self.with { gateway, engine in
            let first = try await Self.ask(gateway)
            let reply = await engine.reply(1)
            let second = try await Self.ask(gateway)
            await Self.waiting(1, at: gateway)
            #expect(engine.requests.count == 1)
            reply.json("{}")
            #expect(await first.responses(1).first?.status == 200)
            await engine.reply(2).json("{}")
            #expect(await second.responses(1).first?.status == 200)
            #expect(gateway.metric("stoker_gateway_queue_depth", "m") == 0)
        }
    }

    @Test("clients take turns, whoever asked for how much")
    func turns() async throws {
        try await Self.with { gateway, engine in
            var clients = [try await Self.ask(gateway, "running")]
            _ = await engine.reply(1)
            for number in 1...3 {
                clients.append(try await Self.ask(gateway, "flood"))
                await Self.waiting(Double(number), at: gateway)
            }
            clients.append(try await Self.ask(gateway, "one"))
            await Self.waiting(4, at: gateway)
            for number in 1...5 { await engine.reply(number).json("{}") }
            for client in clients { #expect(await client.responses(1).first?.status == 200) }
            let order = engine.requests.map { $0.head.contains("Bearer one") }
            #expect(order[1...2].contains(true))
        }
    }

    @Test("who leaves the line is never asked for")
    func leaves() async throws {
        try await Self.with { gateway, engine in
            let first = try await Self.ask(gateway)
            let reply = await engine.reply(1)
            let second = try await Self.ask(gateway)
            await Self.waiting(1, at: gateway)
            try await second.close()
            await Self.waiting(0, at: gateway)
            #expect(gateway.metric("stoker_gateway_client_disconnects_total", "queued") == 1)
            reply.json("{}")
            #expect(await first.responses(1).first?.status == 200)
            #expect(engine.requests.count == 1)
        }
    }

    @Test("one more than may wait is told when to come back")
    func full() async throws {
        try await Self.with(queue: QueuePlan(size: 1)) { gateway, engine in
            let first = try await Self.ask(gateway)
            let reply = await engine.reply(1)
            let second = try await Self.ask(gateway)
            await Self.waiting(1, at: gateway)
            let third = try await gateway.chat()
            #expect(third.status == 503)
            #expect(third.body.contains(#""code":"overloaded""#))
            #expect((1...60).contains(Int(third.headers["retry-after"] ?? "") ?? 0))
            #expect(gateway.metric("stoker_gateway_shed_requests_total", "queue_full") == 1)
            reply.json("{}")
            await engine.reply(2).json("{}")
            for client in [first, second] { #expect(await client.responses(1).first?.status == 200) }
        }
    }

    @Test("who has waited as long as it may is told so")
    func tooLong() async throws {
        try await Self.with(queue: QueuePlan(wait: .milliseconds(300))) { gateway, engine in
            _ = try await Self.ask(gateway)
            _ = await engine.reply(1)
            let second = try await gateway.chat()
            #expect(second.status == 503)
            #expect(second.body.contains("has waited as long as it may"))
            #expect(gateway.metric("stoker_gateway_shed_requests_total", "queue_timeout") == 1)
        }
    }

    @Test("a table with more slots serves those who wait")
    func moreSlots() async throws {
        try await Self.with { gateway, engine in
            let clients = [try await Self.ask(gateway), try await Self.ask(gateway), try await Self.ask(gateway)]
            await Self.waiting(2, at: gateway)
            try Self.route(gateway, engine, slots: 3, version: 2)
            for number in 1...3 { await engine.reply(number).json("{}") }
            for client in clients { #expect(await client.responses(1).first?.status == 200) }
        }
    }

    @Test("a model that leaves the table while somebody waits for it is no backend for them")
    func gone() async throws {
        try await Self.with { gateway, engine in
            let first = try await Self.ask(gateway)
            let reply = await engine.reply(1)
            let second = try await Self.ask(gateway)
            await Self.waiting(1, at: gateway)
            try Self.route(gateway, engine, slots: 1, model: "other", version: 2)
            let response = try #require(await second.responses(1).first)
            #expect(response.status == 503)
            #expect(response.body.contains("it has left the configuration"))
            reply.json("{}")
            #expect(await first.responses(1).first?.status == 200)
        }
    }

    @Test("a hundred clients on two loops never have more than the slots, and all are served")
    func loops() async throws {
        try await Self.with(slots: 3) { gateway, engine in
            async let answering: Void = Self.answer(100, at: engine)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<100 { group.addTask { try await gateway.chat().status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            await answering
            #expect(statuses == Array(repeating: 200, count: 100))
            #expect(gateway.server.desk.table.status.backends.first?.inFlight == 0)
        }
    }
}

@Suite("Slots of a backend")
struct BackendSlotsTests {
    @Test("of many at once no more get one than there are")
    func race() async {
        let cell = BackendCell(name: "a", address: BackendAddress(host: "127.0.0.1", port: 1))
        let most = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var most = 0
                    for _ in 0..<2000 where cell.begin(within: 3) {
                        most = max(most, cell.inFlight)
                        cell.end()
                    }
                    return most
                }
            }
            return await group.reduce(0) { max($0, $1) }
        }
        #expect(most <= 3)
        #expect(cell.inFlight == 0)
    }

    @Test("who must not wait goes beyond them")
    func beyond() {
        let cell = BackendCell(name: "a", address: BackendAddress(host: "127.0.0.1", port: 1))
        #expect(cell.begin(within: 1))
        #expect(!cell.begin(within: 1))
        cell.begin()
        #expect(cell.inFlight == 2)
        cell.end()
        #expect(!cell.begin(within: 1))
        cell.end()
        #expect(cell.begin(within: 1))
    }
}

@Suite("Retry budget of the gateway", .timeLimit(.minutes(1)))
struct GatewayRetryBudgetTests {
    @Test("where every answer of one is an error, clients get some of them, and not twice the load")
    func answers() async throws {
        // A good answer now and then keeps it from being ejected.
        let bad = try await FakeBackend.start("bad") { request, reply in
            reply.json(#"{"error":"mine"}"#, status: request.number % 5 == 0 ? 200 : 502)
        }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [bad], standby: [good])
            var statuses: [Int] = []
            while (gateway.metric("stoker_gateway_retries_denied_total", "budget") ?? 0) < 1 {
                statuses.append(try await gateway.chat().status)
            }
            #expect(statuses.last == 502)
            #expect(statuses.count { $0 == 200 } >= 10)
        }
        try await bad.kill()
        try await good.kill()
    }

    @Test("what a dead engine had in flight is free: all hundred of it are sent elsewhere")
    func deaths() async throws {
        let dying = try await FakeBackend.start("dying") { _, _ in }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [dying], standby: [good])
            var clients: [TestClient] = []
            for _ in 0..<100 { clients.append(try await AdmissionTests.ask(gateway)) }
            await dying.wait(for: "request", times: 100)
            try await dying.kill()
            for client in clients { #expect(await client.responses(1).first?.status == 200) }
            #expect(gateway.metric("stoker_gateway_retries_denied_total", "budget") == 0)
        }
        try await good.kill()
    }
}
