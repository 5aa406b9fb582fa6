import StokerCore
import StokerGateway
import Testing

@Suite("Canary", .timeLimit(.minutes(1)))
struct CanaryTests {
    /// Stable and canary behind model `m`, with all clients on one side.
    private func split(
        _ permille: Int, stable: [FakeBackend], canary: [FakeBackend], salt: UInt32 = 1, version: UInt64 = 1,
        in gateway: TestGateway
    ) throws {
        try gateway.route(
            (stable + canary).map(\.route),
            ModelRoute(
                name: "m", tiers: [stable.map(\.name)], deadlines: TestGateway.patient,
                split: CanarySplit(backends: canary.map(\.name), permille: permille, salt: salt)), version: version)
    }

    private func counts(_ gateway: TestGateway) throws -> CanaryCounts {
        try #require(gateway.server.desk.table.status.canaries?.first)
    }

    private func good(_ name: String) async throws -> FakeBackend {
        try await FakeBackend.start(name) { _, reply in reply.json("{\"by\":\"\(name)\"}") }
    }

    private func failing(_ name: String, status: Int) async throws -> FakeBackend {
        try await FakeBackend.start(name) { _, reply in
            reply.raw("HTTP/1.1 \(status) Bad\r\nContent-Length: 2\r\n\r\n{}")
        }
    }

    @Test func `clients of the canary are answered by it, others by stable`() async throws {
        let (old, new) = (try await good("old"), try await good("new"))
        try await TestGateway.with { gateway in
            try split(1000, stable: [old], canary: [new], in: gateway)
            #expect(try await gateway.chat().body == "{\"by\":\"new\"}")
            try split(0, stable: [old], canary: [new], version: 2, in: gateway)
            #expect(try await gateway.chat().body == "{\"by\":\"old\"}")
            let counts = try counts(gateway)
            #expect(counts.stable.begun == 1 && counts.stable.timed == 1 && counts.canary.begun == 0)
        }
        try await old.kill()
        try await new.kill()
    }

    @Test func `without a split nothing is counted and the canary gets nothing`() async throws {
        let (old, new) = (try await good("old"), try await good("new"))
        try await TestGateway.with { gateway in
            try gateway.route([old.route, new.route], ModelRoute(name: "m", tiers: [["old"]]))
            #expect(try await gateway.chat().body == "{\"by\":\"old\"}")
            #expect(gateway.server.desk.table.status.canaries == nil)
        }
        try await old.kill()
        try await new.kill()
    }

    @Test(arguments: [(502, "http_5xx"), (500, "http_5xx")])
    func `what the canary fails is answered by stable, and counted against it`(
        status: Int, reason: String
    ) async throws {
        let (old, new) = (try await good("old"), try await failing("new", status: status))
        try await TestGateway.with { gateway in
            try split(1000, stable: [old], canary: [new], in: gateway)
            let response = try await gateway.chat()
            #expect(response.status == 200 && response.body == "{\"by\":\"old\"}")
            let counts = try counts(gateway)
            #expect(counts.canary.begun == 1 && counts.canary.failed == 1 && counts.canary.reasons == [reason: 1])
            #expect(counts.canary.timed == 0 && counts.stable == FirstAttempts())
        }
        try await old.kill()
        try await new.kill()
    }

    @Test func `a 500 that stable repeats is the request's own fault`() async throws {
        let (old, new) = (try await failing("old", status: 500), try await failing("new", status: 500))
        try await TestGateway.with { gateway in
            try split(1000, stable: [old], canary: [new], in: gateway)
            #expect(try await gateway.chat().status == 500)
            #expect(try counts(gateway).canary.failed == 0)
            // Stable has nobody to ask for a second opinion.
            try split(0, stable: [old], canary: [new], version: 2, in: gateway)
            #expect(try await gateway.chat().status == 500)
        }
        try await old.kill()
        try await new.kill()
    }

    @Test(arguments: [429, 503])
    func `being turned away is counted apart`(status: Int) async throws {
        let (old, new) = (try await good("old"), try await failing("new", status: status))
        try await TestGateway.with { gateway in
            try split(1000, stable: [old], canary: [new], in: gateway)
            #expect(try await gateway.chat().status == 200)
            let counts = try counts(gateway)
            #expect(counts.canary.begun == 1 && counts.canary.refused == 1 && counts.canary.failed == 0)
        }
        try await old.kill()
        try await new.kill()
    }

    @Test func `stable's clients go to the canary only where stable has nobody left, and say nothing of it`()
        async throws
    {
        let (old, new) = (try await good("old"), try await good("new"))
        try await old.kill()
        try await TestGateway.with { gateway in
            try split(0, stable: [old], canary: [new], in: gateway)
            #expect(try await gateway.chat().body == "{\"by\":\"new\"}")
            #expect(try await gateway.chat().body == "{\"by\":\"new\"}")
            let counts = try counts(gateway)
            #expect(counts.canary == FirstAttempts())
            #expect(counts.stable.begun == 1 && counts.stable.failed == 1)
        }
        try await new.kill()
    }

    @Test func `counts outlive a table with the same split, and begin anew with another`() async throws {
        let (old, new) = (try await good("old"), try await good("new"))
        try await TestGateway.with { gateway in
            try split(1000, stable: [old], canary: [new], in: gateway)
            #expect(try await gateway.chat().status == 200)
            try split(1000, stable: [old], canary: [new], version: 2, in: gateway)
            #expect(try counts(gateway).canary.begun == 1)
            try split(1000, stable: [old], canary: [new], salt: 2, version: 3, in: gateway)
            #expect(try counts(gateway).canary.begun == 0)
        }
        try await old.kill()
        try await new.kill()
    }

    @Test func `a stream that breaks within counts as a failed first attempt`() async throws {
        let chunk = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
        let new = try await FakeBackend.start("new") { _, reply in
            reply.raw(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "\(String(chunk.utf8.count, radix: 16))\r\n\(chunk)\r\n")
            reply.close()
        }
        let old = try await good("old")
        try await TestGateway.with { gateway in
            try split(1000, stable: [old], canary: [new], in: gateway)
            _ = try? await gateway.chat(#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#)
            let counts = try counts(gateway)
            #expect(counts.canary.begun == 1 && counts.canary.failed == 1 && counts.canary.timed == 1)
        }
        try await old.kill()
        try await new.kill()
    }

    @Test func `the same client is always on the same side`() async throws {
        let (old, new) = (try await good("old"), try await good("new"))
        try await TestGateway.with { gateway in
            try split(500, stable: [old], canary: [new], in: gateway)
            var sides: Set<String> = []
            for client in 0..<12 {
                let key = "Authorization: Bearer \(client)\r\n"
                let answers = try await ask(gateway, 3, headers: key)
                #expect(Set(answers).count == 1)
                sides.formUnion(answers)
            }
            #expect(sides.count == 2)
        }
        try await old.kill()
        try await new.kill()
    }

    private func ask(_ gateway: TestGateway, _ times: Int, headers: String) async throws -> [String] {
        var bodies: [String] = []
        for _ in 0..<times {
            let client = try await TestClient.connect(to: gateway.port)
            bodies.append(try await client.roundTrip(TestGateway.post(headers: headers)).body)
            try await client.close()
        }
        return bodies
    }
}
