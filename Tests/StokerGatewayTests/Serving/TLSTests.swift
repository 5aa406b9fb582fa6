import NIOCore
import StokerCore
import StokerGateway
import StokerTesting
import Testing

@Suite("Clients over TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    private static func limits(_ files: TestCertificate?, headTimeout: Duration = .seconds(10)) -> GatewayPlan {
        GatewayPlan(
            listen: Endpoint(host: "127.0.0.1", port: 0), headTimeout: headTimeout, threads: 1,
            tls: files.map { GatewayTLS(certificate: $0.certificate, key: $0.key) })
    }

    private static func answering() async throws -> FakeBackend {
        try await FakeBackend.start("a") { request, reply in reply.json(#"{"number":\#(request.number)}"#) }
    }

    // MARK: Serving

    @Test func `requests are served one after the other over one connection`() async throws {
        let files = try await TestCertificate()
        let backend = try await Self.answering()
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            try gateway.route(to: [backend], limits: Self.limits(files))
            let client = try SecureClient(port: gateway.port, trusting: files.certificate)
            for number in 1...3 {
                let answer = await client.roundTrip(TestGateway.post())
                #expect(answer?.status == 200 && answer?.body == #"{"number":\#(number)}"#)
            }
            #expect(client.failure == nil && gateway.metric("stoker_gateway_connections", "main") == 1)
            client.close()
        }
    }

    @Test func `backends are told that the client spoke https`() async throws {
        let files = try await TestCertificate()
        let backend = try await Self.answering()
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            try gateway.route(to: [backend], limits: Self.limits(files))
            let client = try SecureClient(port: gateway.port)
            #expect(await client.roundTrip(TestGateway.post())?.status == 200)
            #expect(backend.requests.first?.head.contains("X-Forwarded-Proto: https\r\n") == true)
            client.close()
        }
    }

    @Test func `requests sent ahead are answered in their order`() async throws {
        let files = try await TestCertificate()
        let backend = try await Self.answering()
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            try gateway.route(to: [backend], limits: Self.limits(files))
            let client = try SecureClient(port: gateway.port)
            client.send(String(repeating: TestGateway.post(), count: 20))
            let bodies = await client.responses(20).map(\.body)
            #expect(bodies == (1...20).map { #"{"number":\#($0)}"# })
            client.close()
        }
    }

    @Test func `a stream passes event by event`() async throws {
        let files = try await TestCertificate()
        let backend = try await FakeBackend.start("a") { _, reply in reply.startStream() }
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            try gateway.route(to: [backend], limits: Self.limits(files))
            let client = try SecureClient(port: gateway.port)
            client.send(TestGateway.post(#"{"model":"m","stream":true}"#))
            let reply = await backend.reply()
            for word in ["one", "two", "three"] {
                reply.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"\(word)\"}}]}\n\n")
                #expect(await client.transcript.wait { $0.contains(word) }.contains(word))
            }
            reply.chunk("data: [DONE]\n\n")
            reply.endStream()
            let answers = await client.responses(1)
            #expect(answers.first?.body.hasSuffix("data: [DONE]\n\n") == true)
            client.close()
        }
    }

    @Test func `a long answer comes whole`() async throws {
        let files = try await TestCertificate()
        let long = String(repeating: "0123456789", count: 400_000)
        let backend = try await FakeBackend.start("a") { _, reply in reply.json("\"\(long)\"") }
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            try gateway.route(to: [backend], limits: Self.limits(files))
            let client = try SecureClient(port: gateway.port)
            client.send(TestGateway.post())
            let text = await client.transcript.wait { $0.utf8.count > long.utf8.count && $0.hasSuffix("\"") }
            #expect(TestResponse.parse(text).first?.body.utf8.count == long.utf8.count + 2)
            client.close()
        }
    }

    // MARK: Those who do not speak it

    @Test func `plain HTTP is closed without an answer and counted`() async throws {
        let files = try await TestCertificate()
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            let client = try await TestClient.connect(to: gateway.port)
            try? await client.send(TestGateway.get("/health"))
            #expect(await client.transcript.end() == "")
            #expect(gateway.metric("stoker_gateway_rejected_requests_total", "tls") == 1)
        }
    }

    @Test(arguments: ["", "\u{16}\u{3}\u{1}\0\u{7f}\u{1}"])
    func `a client that falls silent in the handshake is closed after head_timeout`(words: String) async throws {
        let files = try await TestCertificate()
        try await TestGateway.with(limits: Self.limits(files, headTimeout: .milliseconds(100))) { gateway in
            let client = try await TestClient.connect(to: gateway.port)
            if !words.isEmpty { try await client.send(words) }
            #expect(await client.transcript.end() == "")
            #expect(gateway.metric("stoker_gateway_rejected_requests_total", "tls") == 1)
            // Told by the loop's thread: this one goes first.
            let next = try SecureClient(port: gateway.port)
            #expect(await next.roundTrip(TestGateway.get("/health"))?.status == 200)
            next.close()
        }
    }

    @Test func `a client that refuses the certificate is counted`() async throws {
        let (files, stranger) = (try await TestCertificate(), try await TestCertificate())
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            let client = try SecureClient(port: gateway.port, trusting: stranger.certificate)
            #expect(await client.transcript.end() == "")
            #expect(client.failure?.hasPrefix("certificate refused") == true)
            let next = try SecureClient(port: gateway.port)
            #expect(await next.roundTrip(TestGateway.get("/health"))?.status == 200)
            #expect(gateway.metric("stoker_gateway_rejected_requests_total", "tls") == 1)
            next.close()
        }
    }
}
