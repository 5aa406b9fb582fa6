import FoundationEssentials
import StokerCore
import StokerGateway
import Testing

@Suite("What the gateway tells of lost backends", .timeLimit(.minutes(1)))
struct LossTests {
    private static func losses(_ client: TestClient) async throws -> [BackendLoss] {
        let answer = try await client.roundTrip(TestGateway.get("/status"))
        let status = try JSONDecoder().decode(GatewayStatus.self, from: Data(answer.body.utf8))
        return try #require(status.losses).losses
    }

    /// Asks until something is true of the losses: some of it is done by another thread.
    private static func wait(
        _ client: TestClient, until isTrue: ([BackendLoss]) -> Bool
    ) async throws -> [BackendLoss] {
        while true {
            let losses = try await losses(client)
            if isTrue(losses) { return losses }
        }
    }

    @Test func `a request that another backend answers is retried, with the times of all that`() async throws {
        let a = try await FakeBackend.start("a", health: 503) { _, reply in reply.reset() }
        let b = try await FakeBackend.start("b") { _, reply in reply.json("{}") }
        try await ControlTests.with { gateway, client, _ in
            try gateway.route(to: [a], standby: [b])
            #expect(try await gateway.chat().status == 200)
            let loss = try #require(try await Self.losses(client).first)
            #expect(loss.backend == "a" && loss.sign == .connection && loss.isOut && loss.back == nil)
            let share = try #require(loss.models["m"])
            #expect(share.counts == FailoverCounts(retried: 1))
            #expect(share.servedBy == "b")
            let (decided, served) = (try #require(loss.decided), try #require(share.served))
            #expect(loss.noticed <= decided && decided <= served)
        }
        try await a.kill()
        try await b.kill()
    }

    @Test func `a request that nobody can answer has failed`() async throws {
        let a = try await FakeBackend.start("a", health: 503) { _, reply in reply.reset() }
        try await ControlTests.with { gateway, client, _ in
            try gateway.route(to: [a])
            #expect(try await gateway.chat().status == 502)
            let loss = try #require(try await Self.losses(client).first)
            #expect(loss.models["m"]?.counts == FailoverCounts(failed: 1))
            #expect(loss.models["m"]?.served == nil)
        }
        try await a.kill()
    }

    @Test func `a stream that cannot be continued is broken, and its tokens are lost`() async throws {
        let a = try await FakeBackend.start("a", health: 503) { _, reply in
            reply.startStream()
            reply.chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}\n\n")
        }
        try await ControlTests.with { gateway, client, _ in
            try gateway.route(to: [a])
            let user = try await TestClient.connect(to: gateway.port)
            try await user.send(TestGateway.post(#"{"model":"m","stream":true,"messages":[]}"#))
            _ = await user.transcript.wait { $0.contains("one") }
            await a.reply().reset()
            _ = await user.transcript.end()
            let loss = try #require(try await Self.losses(client).first)
            #expect(loss.sign == .broken)
            #expect(loss.inFlight == 1)
            #expect(loss.lastHeard.map { $0 <= loss.noticed } ?? false)
            #expect(loss.models["m"]?.counts == FailoverCounts(broken: 1, lostTokens: 1))
        }
        try await a.kill()
    }

    @Test func `what the table takes out is lost until the table has it back`() async throws {
        let a = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        let b = try await FakeBackend.start("b") { _, reply in reply.json("{}") }
        try await ControlTests.with { gateway, client, _ in
            try gateway.route(to: [a], standby: [b])
            var out = a.route
            out.inRotation = false
            out.reason = "restarting"
            let model = ModelRoute(name: "m", tiers: [["a"], ["b"]], deadlines: TestGateway.patient)
            try gateway.route([out, b.route], model, version: 2)
            let loss = try #require(try await Self.wait(client) { !$0.isEmpty }.first)
            #expect(loss.sign == .table && loss.words == "restarting" && loss.isOut)
            #expect(try await gateway.chat().status == 200)
            try gateway.route(to: [a], standby: [b], version: 3)
            let back = try await Self.wait(client) { $0.allSatisfy { $0.back != nil } }
            #expect(back.first?.models["m"]?.servedBy == "b")
            #expect(back.first?.models["m"]?.counts == FailoverCounts())
        }
        try await a.kill()
        try await b.kill()
    }

    @Test func `a backend whose health path answers again is back`() async throws {
        let a = try await FakeBackend.start("a") { _, reply in reply.reset() }
        let b = try await FakeBackend.start("b") { _, reply in reply.json("{}") }
        try await ControlTests.with { gateway, client, _ in
            try gateway.route(to: [a], standby: [b])
            #expect(try await gateway.chat().status == 200)
            let back = try await Self.wait(client) { $0.first?.back != nil }
            #expect(back.count == 1)
        }
        try await a.kill()
        try await b.kill()
    }

    @Test func `an error of the engine is no loss`() async throws {
        let a = try await FakeBackend.start("a") { _, reply in reply.json("{}", status: 503) }
        let b = try await FakeBackend.start("b") { _, reply in reply.json("{}") }
        try await ControlTests.with { gateway, client, _ in
            try gateway.route(to: [a], standby: [b])
            #expect(try await gateway.chat().status == 200)
            #expect(try await Self.losses(client).isEmpty)
        }
        try await a.kill()
        try await b.kill()
    }
}
