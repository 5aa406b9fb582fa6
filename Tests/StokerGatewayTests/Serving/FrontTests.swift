import StokerCore
import StokerGateway
import Testing

@Suite("The front: what clients may send", .timeLimit(.minutes(1)))
struct FrontTests {
    @Test(
        "what cannot be served is refused in OpenAI's shape",
        arguments: [
            (TestGateway.get("/nothing"), 404, "unknown_path"),
            (TestGateway.get("/v1/../slots"), 404, "unknown_path"),
            (TestGateway.post(path: "/v1//chat"), 404, "unknown_path"),
            (TestGateway.post(path: "/v1/%2e%2e/slots"), 404, "unknown_path"),
            (TestGateway.get("/v1/chat/completions"), 405, "method_not_allowed"),
            (TestGateway.post(path: "/v1/models"), 405, "method_not_allowed"),
            (TestGateway.post(path: "/health"), 405, "method_not_allowed"),
            (TestGateway.post("{"), 400, "invalid_json"),
            (TestGateway.post(""), 400, "invalid_json"),
            (TestGateway.post("[]"), 400, "invalid_json"),
            (TestGateway.post(#"{"model":"m"}x"#), 400, "invalid_json"),
            (TestGateway.post("{}"), 400, "missing_model"),
            (TestGateway.post(#"{"model":7}"#), 400, "invalid_model"),
            (TestGateway.post(#"{"model":"m","model":"m"}"#), 400, "doubled_key"),
            (TestGateway.post(#"{"model":"x"}"#), 404, "model_not_found"),
            (TestGateway.get("/v1/models/x"), 404, "model_not_found"),
            (TestGateway.post(headers: "Content-Encoding: gzip\r\n"), 415, "unsupported_media_type"),
        ])
    func refused(_ request: String, _ status: Int, _ code: String) async throws {
        try await TestGateway.with { gateway in
            try gateway.route([], ModelRoute(name: "m", tiers: []))
            let client = try await TestClient.connect(to: gateway.port)
            let response = try await client.roundTrip(request)
            #expect(response.status == status)
            #expect(response.body.contains("\"code\":\"\(code)\""))
            #expect(response.body.hasPrefix(#"{"error":{"message":"#))
            #expect(response.headers["content-type"] == "application/json")
            // The connection is still good.
            #expect(try await client.roundTrip(TestGateway.get("/health")).status == 200)
        }
    }

    @Test("models are listed from the table, an unknown one is answered with the names of the others")
    func models() async throws {
        try await TestGateway.with { gateway in
            try gateway.route([], ModelRoute(name: "m", tiers: []))
            let client = try await TestClient.connect(to: gateway.port)
            let list = try await client.roundTrip(TestGateway.get("/v1/models"))
            #expect(
                list.body
                    == #"{"object":"list","data":[{"id":"m","object":"model","created":1700000000,"owned_by":"stoker"}]}"#
            )
            #expect(try await client.roundTrip(TestGateway.get("/v1/models/m")).status == 200)
            let unknown = try await client.roundTrip(TestGateway.post(#"{"model":"x"}"#))
            #expect(unknown.body.contains("available: m"))
            try await client.send("HEAD /v1/models HTTP/1.1\r\nHost: h\r\n\r\n" + TestGateway.get("/health"))
            let text = await client.transcript.wait { $0.hasSuffix(#"{"status":"ok"}"#) }
            #expect(text.contains("Content-Length: \(list.body.utf8.count)\r\n"))
        }
    }

    @Test(
        "a request that breaks HTTP's rules is answered once and the connection ends",
        arguments: [
            ("GET / HTTP/1.1\nHost: h\n\n", 400), ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("\u{0}\u{1}\u{2}\r\n\r\n", 400), ("BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501),
            ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST /v1/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nX: " + String(repeating: "a", count: 40_000), 431),
            ("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "a: b\r\n", count: 101) + "\r\n", 431),
            ("POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n", 413),
            ("POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: magic\r\n\r\n", 417),
        ])
    func malformed(_ bytes: String, _ status: Int) async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let neighbour = try await TestClient.connect(to: gateway.port)
            #expect(try await neighbour.roundTrip(TestGateway.post()).status == 200)
            let rude = try await TestClient.connect(to: gateway.port)
            // What follows a broken request is never taken for another one.
            try await rude.send(bytes + TestGateway.post())
            let responses = TestResponse.parse(await rude.transcript.end())
            #expect(responses.map(\.status) == [status])
            #expect(responses.first?.headers["connection"] == "close")
            #expect(try await neighbour.roundTrip(TestGateway.post()).status == 200)
            #expect(engine.requests.count == 2)
        }
        try await engine.kill()
    }

    @Test("a valid request before a broken one is still answered")
    func validThenBroken() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.post() + "GET / HTTP/1.1\nHost: h\n\n")
            let responses = TestResponse.parse(await client.transcript.end())
            #expect(responses.map(\.status) == [200, 400])
        }
        try await engine.kill()
    }

    @Test("a chunked body over the limit is a 413")
    func chunkedTooLarge() async throws {
        var limits = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0), threads: 1)
        limits.maxBody = .kibibytes(1)
        try await TestGateway.with(limits: limits) { gateway in
            let client = try await TestClient.connect(to: gateway.port)
            let head = "POST /v1/completions HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            try await client.send(head + "800\r\n" + String(repeating: "x", count: 2048))
            #expect(TestResponse.parse(await client.transcript.end()).first?.status == 413)
        }
    }

    @Test(
        "half a head, half a body or nothing at all ends after the head timeout", arguments: ["GET / HT", "", "body"])
    func slow(_ bytes: String) async throws {
        var limits = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0), threads: 1)
        limits.headTimeout = .seconds(1)
        try await TestGateway.with(limits: limits) { gateway in
            let half = "POST /v1/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf"
            var text = ""
            // On a starved machine the client may not get to speak within the second, and is rightly hung up on.
            for _ in 0..<5 where text.isEmpty {
                let client = try await TestClient.connect(to: gateway.port)
                try? await client.send(bytes == "body" ? half : bytes)
                text = await client.transcript.end()
                if bytes.isEmpty { break }
            }
            #expect(TestResponse.parse(text).map(\.status) == (bytes.isEmpty ? [] : [408]), "\(text)")
        }
    }

    @Test("a client that waits to be asked for its body is asked, or refused without it")
    func expectContinue() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let head = "HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n"
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send("POST /v1/completions " + head)
            let asked = await client.transcript.wait { $0.hasSuffix("\r\n\r\n") }
            #expect(asked == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(try await client.roundTrip(#"{"model":"m"}"#).status == 200)
            let refused = try await TestClient.connect(to: gateway.port)
            try await refused.send("POST /nothing " + head)
            #expect(await refused.transcript.end().hasPrefix("HTTP/1.1 404 "))
        }
        try await engine.kill()
    }

    @Test("a client that asks for health and closes its side at once is answered")
    func halfClosedHealth() async throws {
        try await TestGateway.with { gateway in
            try gateway.route([], ModelRoute(name: "m", tiers: []))
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.get("/health"))
            try await client.halfClose()
            let responses = TestResponse.parse(await client.transcript.end())
            #expect(responses.map(\.status) == [200])
        }
    }

    @Test("more clients than allowed wait instead of being refused")
    func connectionLimit() async throws {
        var limits = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0), threads: 1)
        limits.maxConnections = 1
        try await TestGateway.with(limits: limits) { gateway in
            let first = try await TestClient.connect(to: gateway.port)
            #expect(try await first.roundTrip(TestGateway.get("/health")).status == 200)
            let second = try await TestClient.connect(to: gateway.port)
            try await second.send(TestGateway.get("/health"))
            #expect(try await first.roundTrip(TestGateway.get("/health")).status == 200)
            try await first.close()
            #expect(await second.responses(1).first?.status == 200)
        }
    }
}
