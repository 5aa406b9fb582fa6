import StokerCore
import StokerGateway
import Testing

@Suite("Forwarding", .timeLimit(.minutes(1)))
struct ForwardingTests {
    @Test("a unary answer comes through with its body, its type and a request id")
    func unary() async throws {
        let engine = try await FakeBackend.start("a") { request, reply in reply.json(#"{"echo":1}"#) }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let response = try await gateway.chat()
            #expect(response.status == 200)
            #expect(response.body == #"{"echo":1}"#)
            #expect(response.headers["content-type"] == "application/json")
            #expect(response.headers["x-request-id"]?.count == 16)
        }
        try await engine.kill()
    }

    @Test("the backend gets the body byte for byte, its own Host, our request id and no hop-by-hop field")
    func requestAsSent() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            let body = #"{ "model" : "m", "messages":[] }"#
            let headers =
                "X-Request-Id: abc-1\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\nTE: trailers\r\nX-Kept: yes\r\n"
            let response = try await client.roundTrip(TestGateway.post(body, headers: headers))
            #expect(response.headers["x-request-id"] == "abc-1")
            let seen = try #require(engine.requests.first)
            #expect(seen.body == body)
            let trace = try #require(seen.head.split(separator: "\r\n").first { $0.hasPrefix("traceparent: ") })
            #expect(
                seen.head
                    == "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:\(engine.port)\r\n"
                    + "Content-Type: application/json\r\nX-Kept: yes\r\nX-Forwarded-Host: gateway\r\n"
                    + "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Request-Id: abc-1\r\n\(trace)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n")
        }
        try await engine.kill()
    }

    @Test(
        "a valid trace goes on with a parent of ours, any other is replaced, and its state goes with it",
        arguments: [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
            ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false), ("00-4bf92f35", false), ("", false),
        ])
    func trace(_ sent: String, _ isKept: Bool) async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            let headers =
                "traceparent: \(sent)\r\ntracestate: vendor=1\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n"
            _ = try await client.roundTrip(TestGateway.post(headers: headers))
            let head = try #require(engine.requests.first?.head)
            let trace = try #require(head.split(separator: "\r\n").first { $0.hasPrefix("traceparent: ") }).dropFirst(
                13)
            #expect(trace.utf8.count == 55)
            #expect(trace != sent)
            #expect(trace.hasPrefix(sent.prefix(36)) == isKept || sent.isEmpty)
            #expect(trace.hasSuffix(isKept ? "-01" : "-00"))
            #expect(head.contains("tracestate: vendor=1") == isKept)
            #expect(!head.contains("6.6.6.6"))
        }
        try await engine.kill()
    }

    @Test("the model's name is rewritten where the backends know it by another one")
    func servedAs() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine], servedAs: "org/Model \"X\"")
            _ = try await gateway.chat(#"{"stream":false,"model":"m","n":1}"#)
            #expect(engine.requests.first?.body == #"{"stream":false,"model":"org/Model \"X\"","n":1}"#)
        }
        try await engine.kill()
    }

    @Test("a stream comes through event by event and byte for byte")
    func stream() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in
            reply.startStream()
            reply.chunk("data: {\"a\":1}\n\n")
        }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.post(#"{"model":"m","stream":true}"#))
            // The first event is here before the second one was sent.
            let first = await client.transcript.wait { $0.hasSuffix("f\r\ndata: {\"a\":1}\n\n\r\n") }
            #expect(first.contains("Transfer-Encoding: chunked"))
            let reply = await engine.reply()
            reply.chunk(": comment\ndata: [DONE]\n\n")
            reply.endStream()
            let all = await client.responses(1)
            #expect(all.first?.body == "data: {\"a\":1}\n\n: comment\ndata: [DONE]\n\n")
        }
        try await engine.kill()
    }

    @Test("a hundred requests on one connection use one connection to the backend")
    func keepAlive() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            for _ in 0..<100 { #expect(try await client.roundTrip(TestGateway.post()).status == 200) }
            #expect(engine.acceptedConnections == 1)
        }
        try await engine.kill()
    }

    @Test("pipelined requests are answered in order")
    func pipelining() async throws {
        let engine = try await FakeBackend.start("a") { request, reply in reply.json("\(request.number)") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            let pair = TestGateway.post() + TestGateway.get("/health")
            try await client.send(String(repeating: pair, count: 20))
            let bodies = await client.responses(40).map(\.body)
            #expect(bodies == (1...20).flatMap { ["\($0)", #"{"status":"ok"}"#] })
        }
        try await engine.kill()
    }

    @Test("an answer without a length reaches HTTP/1.1 in chunks and HTTP/1.0 as it is")
    func untilClose() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in
            reply.raw("HTTP/1.0 200 OK\r\n\r\nhello")
            reply.close()
        }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            #expect(try await gateway.chat().body == "hello")
            let old = try await TestClient.connect(to: gateway.port)
            try await old.send(
                "POST /v1/completions HTTP/1.0\r\nContent-Length: 13\r\n\r\n" + #"{"model":"m"}"#)
            let text = await old.transcript.end()
            #expect(text.hasSuffix("Connection: close\r\n\r\nhello"))
        }
        try await engine.kill()
    }

    @Test("HTTP/1.0 gets a chunked answer without the chunks")
    func chunkedToOld() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in
            reply.startStream()
            reply.chunk("data: 1\n\n")
            reply.endStream()
        }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let old = try await TestClient.connect(to: gateway.port)
            try await old.send("POST /v1/completions HTTP/1.0\r\nContent-Length: 13\r\n\r\n" + #"{"model":"m"}"#)
            let text = await old.transcript.end()
            #expect(text.hasSuffix("\r\n\r\ndata: 1\n\n"))
            #expect(!text.lowercased().contains("transfer-encoding"))
        }
        try await engine.kill()
    }
}
