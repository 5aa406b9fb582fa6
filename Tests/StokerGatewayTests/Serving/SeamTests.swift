import FoundationEssentials
import StokerCore
import StokerGateway
import Testing

@Suite("A stream that breaks after its first byte", .timeLimit(.minutes(1)))
struct SeamTests {
    private static let engine = FakeEngine(form: .vllmChat, answer: ["知识", " is", " \"it\"", "\n", "end"])
    private static let body = String(decoding: engine.request(), as: UTF8.self)

    /// The events of the engine's answer, whoever of the two gives it.
    private static func events(_ request: FakeBackend.Request, by name: String) -> [String] {
        var engine = engine
        engine.name = name
        return engine.events(Array(request.body.utf8), time: 200) ?? ["data: the request is not understood\n\n"]
    }

    /// A backend that gives its role and two tokens, and then leaves the stream to the test.
    private static func begun(_ name: String) async throws -> FakeBackend {
        try await FakeBackend.start(name) { request, reply in
            reply.startStream()
            for event in events(request, by: name).prefix(3) { reply.chunk(event) }
        }
    }

    private static func whole(_ name: String) async throws -> FakeBackend {
        try await FakeBackend.start(name) { request, reply in
            reply.startStream()
            for event in events(request, by: name) { reply.chunk(event) }
            reply.endStream()
        }
    }

    /// Both can go on with each other's answers; `a` is asked first.
    private static func route(
        _ gateway: TestGateway, _ backends: FakeBackend..., deadlines: Deadlines = TestGateway.patient, seams: Int = 2,
        dialect: ContinuationDialect = .continueFinalMessage,
        limits: GatewayPlan = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0))
    ) throws {
        let routes = backends.map { backend in
            var route = backend.route
            route.continuation = dialect
            return route
        }
        try gateway.route(
            routes, ModelRoute(name: "m", tiers: routes.map { [$0.name] }, deadlines: deadlines, seams: seams),
            version: 9, limits: limits)
    }

    /// Asks, breaks the answer of `a` once two tokens of it are there, and returns all that the client got.
    private static func broken(
        _ gateway: TestGateway, _ a: FakeBackend, _ request: String
    ) async throws -> String {
        let client = try await TestClient.connect(to: gateway.port)
        try await client.send(request)
        _ = await client.transcript.wait { $0.contains("知识") && $0.contains(" is") }
        await a.reply().reset()
        let text = await client.transcript.wait { !TestResponse.parse($0).isEmpty }
        try? await client.close()
        return text
    }

    /// The stream as its client reads it.
    private static func view(_ text: String) -> ClientView {
        ClientView(Array((TestResponse.parse(text).first?.body ?? "").utf8))
    }

    private static func check(_ view: ClientView, after reason: String = "reset") {
        let unbroken = ClientView(Array((engine.events(engine.request()) ?? []).joined().utf8))
        #expect(view.text == unbroken.text)
        #expect(view.roles == 1 && view.ends == 1 && view.errors == 0 && view.strays == 0)
        #expect(view.finishes == unbroken.finishes)
        #expect(view.usage == unbroken.usage)
        #expect(view.ids == ["a-1"] && view.models == ["a-model"])
        #expect(view.comments == [": stoker: continued on b after \(reason)"])
    }

    @Test("is continued elsewhere: the same text, one role, one end, one count, and it says so")
    func continued() async throws {
        let (a, b) = (try await Self.begun("a"), try await Self.whole("b"))
        try await TestGateway.with { gateway in
            try Self.route(gateway, a, b)
            Self.check(Self.view(try await Self.broken(gateway, a, TestGateway.post(Self.body))))
            #expect(gateway.metric("stoker_gateway_seams_total", "a", "reset") == 1)
            #expect(b.requests.count == 1)
            #expect(b.requests.first?.body.contains(#""continue_final_message":true"#) ?? false)
            #expect(gateway.metric("stoker_gateway_requests_total", "chat", "m", "stable", "200") == 1)
        }
        try await a.kill()
        try await b.kill()
    }

    @Test("is continued for a client of HTTP/1.0 as well, whose stream ends with the connection")
    func oldClient() async throws {
        let (a, b) = (try await Self.begun("a"), try await Self.whole("b"))
        try await TestGateway.with { gateway in
            try Self.route(gateway, a, b)
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.post(Self.body).replacing("HTTP/1.1", with: "HTTP/1.0"))
            _ = await client.transcript.wait { $0.contains(" is") }
            await a.reply().reset()
            let text = await client.transcript.end()
            let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
            #expect(!parts[0].lowercased().contains("transfer-encoding"))
            #expect(parts[0].contains("Connection: close"))
            Self.check(ClientView(Array(parts[1].utf8)))
        }
        try await a.kill()
        try await b.kill()
    }

    @Test("is told to the control plane once the stream flows again, and no more once that has read it")
    func told() async throws {
        let (a, b) = (try await Self.begun("a"), try await Self.whole("b"))
        try await ControlTests.with { gateway, control, _ in
            func notices(_ query: String = "") async throws -> GatewayNotices {
                let answer = try await control.roundTrip(TestGateway.get("/status\(query)"))
                let status = try JSONDecoder().decode(GatewayStatus.self, from: Data(answer.body.utf8))
                return try #require(status.notices)
            }
            try Self.route(gateway, a, b)
            let request = TestGateway.post(Self.body, headers: "X-Request-Id: r-1\r\n")
            _ = try await Self.broken(gateway, a, request)
            let page = try await notices()
            #expect(
                page.notices.map(\.matter) == [
                    GatewayNotice.Matter(.streamContinued, backend: "a", other: "b", reason: "reset")
                ])
            #expect(page.notices.first?.examples == [GatewayNotice.Example(requestID: "r-1", model: "m")])
            #expect(try await notices() == page, "as long as nobody says that it was read")
            let mark = NoticeMark(life: page.life, sequence: 1)
            #expect(try await notices("?read=\(mark.text)").notices == [])
        }
        try await a.kill()
        try await b.kill()
    }

    /// Why a stream cannot be saved: what is added to the request, what is counted, what the client reads.
    struct Obstacle: Sendable, CustomTestStringConvertible {
        var headers = ""
        var extra = ""
        var seams = 2
        var dialect = ContinuationDialect.continueFinalMessage
        var reason: String
        var words: String

        var testDescription: String { reason + ": " + words }
    }

    @Test(
        "ends with an error event that has a code where nobody can go on, and with no end mark",
        arguments: [
            Obstacle(
                headers: "X-Stoker-Continuation: off\r\n", reason: "opted_out", words: "continuation is switched off"),
            Obstacle(
                extra: #","tools":[{"type":"function"}]"#, reason: "not_plain_text", words: "the request has tools"),
            Obstacle(extra: #","logprobs":true"#, reason: "not_plain_text", words: "log probabilities"),
            Obstacle(dialect: .none, reason: "no_dialect", words: "no other backend can continue it"),
        ])
    func unsaved(_ obstacle: Obstacle) async throws {
        let (a, b) = (try await Self.begun("a"), try await Self.whole("b"))
        try await ControlTests.with { gateway, control, _ in
            try Self.route(gateway, a, b, seams: obstacle.seams, dialect: obstacle.dialect)
            let body = Self.body.dropLast() + obstacle.extra + "}"
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.post(String(body), headers: obstacle.headers))
            _ = await client.transcript.wait { $0.contains(" is") }
            await a.reply().reset()
            let text = await client.transcript.end()
            #expect(text.contains(#""code":"backend_failed""#) && text.contains(obstacle.words))
            #expect(!text.contains("[DONE]") && !text.contains("\r\n0\r\n\r\n"))
            #expect(b.requests.isEmpty)
            #expect(gateway.metric("stoker_gateway_unsaved_streams_total", obstacle.reason) == 1)
            let answer = try await control.roundTrip(TestGateway.get("/status"))
            let status = try JSONDecoder().decode(GatewayStatus.self, from: Data(answer.body.utf8))
            let lost = try #require(status.notices?.notices.first?.matter)
            #expect(lost.kind == .streamLost && lost.backend == "a" && lost.reason == "reset")
            #expect(lost.obstacle?.contains(obstacle.words) ?? false)
        }
        try await a.kill()
        try await b.kill()
    }

    @Test("is lost to the backend that broke it, whoever failed to go on with it")
    func nobodyGoesOn() async throws {
        let a = try await Self.begun("a")
        let b = try await FakeBackend.start("b") { _, reply in reply.close() }
        try await ControlTests.with { gateway, control, _ in
            try Self.route(gateway, a, b)
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.post(Self.body))
            _ = await client.transcript.wait { $0.contains(" is") }
            // It stays away, so that the stream does not come back to it.
            try await a.kill()
            let text = await client.transcript.end()
            #expect(text.contains(#""code":"backend_failed""#) && !text.contains("continued on"))
            #expect(gateway.metric("stoker_gateway_unsaved_streams_total", "no_backend") == 1)
            let answer = try await control.roundTrip(TestGateway.get("/status"))
            let status = try JSONDecoder().decode(GatewayStatus.self, from: Data(answer.body.utf8))
            #expect(status.notices?.notices.map(\.matter.kind) == [.streamLost])
            #expect(status.notices?.notices.first?.matter.backend == "a")
        }
        try await b.kill()
    }

    @Test("that was begun by a sign of life only ends with an error event when its backend fails")
    func earlyHead() async throws {
        let a = try await FakeBackend.start("a") { request, reply in if request.number > 1 { reply.close() } }
        var limits = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0), threads: 1)
        limits.keepAliveComments = .milliseconds(100)
        try await TestGateway.with(limits: limits) { gateway in
            try Self.route(gateway, a, limits: limits)
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.post(Self.body))
            _ = await client.transcript.wait { $0.contains(": keep-alive\n\n") }
            await a.reply().close()
            let text = await client.transcript.end()
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.contains("text/event-stream"))
            #expect(text.contains(#"data: {"error":{"#) && text.contains(#""code":"backend_failed""#))
            #expect(!text.contains("[DONE]") && !text.contains("\r\n0\r\n\r\n"))
        }
        try await a.kill()
    }

    @Test("that says nothing yet leaves a backend that is silent to everybody, and that is told")
    func silence() async throws {
        let a = try await FakeBackend.start("a") { _, _ in }
        let b = try await Self.whole("b")
        try await ControlTests.with { gateway, control, _ in
            let deadlines = Deadlines(connect: .seconds(5), firstToken: .seconds(2), stall: .seconds(30))
            try Self.route(gateway, a, b, deadlines: deadlines)
            let client = try await TestClient.connect(to: gateway.port)
            let view = ClientView(Array(try await client.roundTrip(TestGateway.post(Self.body)).body.utf8))
            #expect(view.ends == 1 && view.ids == ["b-1"] && view.comments == [])
            let answer = try await control.roundTrip(TestGateway.get("/status"))
            let status = try JSONDecoder().decode(GatewayStatus.self, from: Data(answer.body.utf8))
            #expect(
                status.notices?.notices.map(\.matter) == [
                    GatewayNotice.Matter(.backendSilent, backend: "a", reason: "silent")
                ])
        }
        try await a.kill()
        try await b.kill()
    }
}
