import FoundationEssentials
import StokerCore
import StokerGateway
import Testing

/// What the whole gateway remembers of requests, over its private socket, as the control plane asks for it.
@Suite(.timeLimit(.minutes(1))) struct AccountingTests {
    private static let stream = TestGateway.post(#"{"model":"m","stream":true}"#, headers: "X-Request-Id: r1\r\n")
    private static let unary = TestGateway.post(headers: "X-Request-Id: r1\r\n")
    private static let usage = #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#

    private static func page(_ control: TestClient, _ query: String = "limit=1000") async throws -> RequestPage {
        let answer = try await control.roundTrip(TestGateway.get("/requests?\(query)"))
        return try JSONDecoder().decode(RequestPage.self, from: Data(answer.body.utf8))
    }

    /// Asks until the page says what is waited for: a client may have its answer just before it is accounted for.
    private static func wait<Value>(_ control: TestClient, _ find: (RequestPage) -> Value?) async throws -> Value {
        while true {
            if let value = find(try await page(control)) { return value }
            await Task.yield()
        }
    }

    private static func record(_ control: TestClient) async throws -> FinishedRequest {
        try await wait(control) { page in page.requests.first { $0.id == "r1" } }
    }

    /// Sends one request to a gateway with these backends and returns what is remembered of it.
    private static func remembered(
        _ request: String = unary, backends: [FakeBackend], standby: [FakeBackend] = [],
        deadlines: Deadlines = TestGateway.patient
    ) async throws -> FinishedRequest {
        var found: FinishedRequest?
        try await ControlTests.with { gateway, control, _ in
            try gateway.route(to: backends, standby: standby, deadlines: deadlines)
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(request)
            found = try await record(control)
            try await client.close()
        }
        for backend in backends + standby { try? await backend.kill() }
        return try #require(found)
    }

    @Test func `an answer of one piece is remembered with the engine's own count`() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json(Self.usage) }
        let record = try await Self.remembered(backends: [engine])
        #expect(record.outcome == .ok && record.code == 200 && record.backend == "a" && record.route == "chat")
        #expect(record.inputTokens == 9 && record.outputTokens == 4 && record.tokensReported)
        #expect(record.attempts == 1 && !record.stream && record.ttftSeconds == nil)
        let queue = try #require(record.queueSeconds)
        #expect(queue >= 0 && queue <= record.durationSeconds)
    }

    @Test func `a stream is remembered with its times, and its events where nobody counts`() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in
            reply.startStream()
            for number in 1...3 { reply.chunk("data: \(number)\n\n") }
            reply.chunk("data: [DONE]\n\n")
            reply.endStream()
        }
        let record = try await Self.remembered(Self.stream, backends: [engine])
        #expect(record.outcome == .ok && record.stream && record.outputTokens == 3 && !record.tokensReported)
        let first = try #require(record.ttftSeconds)
        #expect(first >= 0 && first <= record.durationSeconds)
        #expect(try #require(record.itlMeanSeconds) <= #require(record.itlMaxSeconds))
    }

    @Test func `an error of the engine is told from one of the gateway`() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}", status: 422) }
        let record = try await Self.remembered(backends: [engine])
        #expect(record.outcome == .backendError && record.code == 422 && record.errorCode == nil)
    }

    @Test func `each attempt is counted, and the last backend is the one that is named`() async throws {
        let bad = try await FakeBackend.start("bad") { _, reply in reply.close() }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        let record = try await Self.remembered(backends: [bad], standby: [good])
        #expect(record.outcome == .ok && record.attempts == 2 && record.backend == "good")
    }

    @Test func `a request that every backend fails has an error of the gateway`() async throws {
        let silent = try await FakeBackend.start("silent") { _, _ in }
        let deadlines = Deadlines(
            connect: .seconds(5), firstToken: .milliseconds(200), stall: .seconds(30), answer: .milliseconds(200))
        let record = try await Self.remembered(backends: [silent], deadlines: deadlines)
        #expect(record.outcome == .failed && record.code == 504 && record.errorCode == "backend_timeout")
    }

    @Test func `a request that nobody can take was never in the hands of a backend`() async throws {
        try await ControlTests.with { gateway, control, _ in
            let address = BackendAddress(host: "127.0.0.1", port: 1)
            try gateway.route(
                [BackendRoute(name: "a", address: address, inRotation: false)], ModelRoute(name: "m", tiers: [["a"]]))
            let client = try await TestClient.connect(to: gateway.port)
            #expect(try await client.roundTrip(Self.unary).status == 503)
            let record = try await Self.record(control)
            #expect(record.outcome == .refused && record.errorCode == "no_backend" && record.code == 503)
            #expect(record.attempts == 0 && record.backend == nil && record.queueSeconds == nil)
            #expect(gateway.metric("stoker_gateway_request_outcomes_total", "m", "refused") == 1)
        }
    }

    @Test func `a stream is shown while it lasts, and who left is no failure`() async throws {
        let engine = try await StreamTests.oneEvent()
        try await ControlTests.with { gateway, control, _ in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(Self.stream)
            _ = await client.transcript.wait { $0.contains("data: 1") }
            let live = try await Self.wait(control) { $0.live.first { $0.outputTokens == 1 } }
            #expect(live.id == "r1" && live.phase == .streaming && live.backend == "a" && live.model == "m")
            #expect(try await Self.page(control, "failed=true").live.isEmpty)
            #expect(try await Self.page(control, "model=n").inFlight == 0)
            try await client.close()
            // Only an answer to something that is sent tells who left from who listens on.
            let reply = await engine.reply()
            let record = try await Self.wait(control) { page in
                reply.chunk("data: 2\n\n")
                return page.requests.first { $0.id == "r1" }
            }
            #expect(record.outcome == .clientGone && record.code == 499 && record.outputTokens >= 1)
            #expect(try await Self.page(control).live.isEmpty)
            #expect(try await Self.page(control, "failed=true").requests.isEmpty)
        }
        try await engine.kill()
    }

    @Test func `metrics and memory agree on a broken stream`() async throws {
        let engine = try await StreamTests.oneEvent()
        try await ControlTests.with { gateway, control, _ in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(Self.stream)
            _ = await client.transcript.wait { $0.contains("data: 1") }
            await engine.reply().close()
            _ = await client.transcript.end()
            let record = try await Self.record(control)
            #expect(record.outcome == .brokenOff && record.errorCode == "backend_failed" && record.backend == "a")
            #expect(gateway.metric("stoker_gateway_request_outcomes_total", "m", "broken_off") == 1)
            #expect(gateway.metric("stoker_gateway_output_tokens_total", "m") == 1)
            #expect(gateway.metric("stoker_gateway_time_to_first_token_seconds", "m", "stable") == 1)
            #expect(gateway.metric("stoker_gateway_inter_token_latency_seconds", "m", "stable") == 0)
        }
        try await engine.kill()
    }

    @Test func `a new table brings a new bound, and the newest stay`() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        try await ControlTests.with { gateway, control, _ in
            var limits = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0), recentRequests: 3)
            try gateway.route(to: [engine], limits: limits)
            for _ in 0..<5 { _ = try await gateway.chat() }
            let sequences = try await Self.wait(control) { $0.next == 5 ? $0.requests.map(\.sequence) : nil }
            #expect(sequences == [3, 4, 5])
            limits.recentRequests = 1
            try gateway.route(to: [engine], version: 2, limits: limits)
            #expect(try await Self.page(control).requests.map(\.sequence) == [5])
        }
        try await engine.kill()
    }
}
