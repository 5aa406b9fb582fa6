import StokerCore
import StokerGateway
import Testing

@Suite("Streams and deadlines", .timeLimit(.minutes(1)))
struct StreamTests {
    static let request = TestGateway.post(#"{"model":"m","stream":true}"#)
    static let quickStall = Deadlines(connect: .seconds(5), firstToken: .seconds(30), stall: .milliseconds(200))
    static let quickFirstToken = Deadlines(
        connect: .seconds(5), firstToken: .milliseconds(200), stall: .seconds(30),
        answer: .milliseconds(200))

    /// A backend that sends one event and then leaves the stream to the test.
    static func oneEvent() async throws -> FakeBackend {
        try await FakeBackend.start("a") { _, reply in
            reply.startStream()
            reply.chunk("data: 1\n\n")
        }
    }

    @Test("a stream whose backend dies ends with an error event and without its last chunk")
    func deadBackend() async throws {
        let engine = try await Self.oneEvent()
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(Self.request)
            _ = await client.transcript.wait { $0.contains("data: 1") }
            await engine.reply().close()
            let text = await client.transcript.end()
            #expect(text.contains("data: 1\n\n\r\n"))
            #expect(text.contains(#"data: {"error":{"message":"The backend a failed: it closed the connection"#))
            #expect(!text.contains("\r\n0\r\n\r\n"))
            #expect(gateway.metric("stoker_gateway_upstream_errors_total", "a", "reset") == 1)
        }
        try await engine.kill()
    }

    @Test(
        "half an event never reaches the client, and an error event follows the last whole one",
        arguments: ["9\r\ndata", "9\r\ndata: 2\n\n", "9\r\ndata: 2\n\n\r", "8\r\ndata: 2\n\r\n"])
    func midEvent(_ bytes: String) async throws {
        let engine = try await Self.oneEvent()
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(Self.request)
            _ = await client.transcript.wait { $0.contains("data: 1") }
            let reply = await engine.reply()
            reply.raw(bytes)
            reply.close()
            let text = await client.transcript.end()
            let events = text.split(separator: "\r\n").filter { $0.hasPrefix("data: ") }
            #expect(events.first == "data: 1\n\n")
            #expect(events.last?.hasPrefix("data: {\"error\":") ?? false)
            #expect(events.dropFirst().dropLast().allSatisfy { $0 == "data: 2\n\n" })
        }
        try await engine.kill()
    }

    @Test("a stream that falls silent ends with an error event at the stall deadline, and its backend is let go")
    func stall() async throws {
        let engine = try await Self.oneEvent()
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine], deadlines: Self.quickStall)
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(Self.request)
            let text = await client.transcript.end()
            #expect(text.contains("it fell silent"))
            await engine.wait(for: "closed")
            #expect(gateway.metric("stoker_gateway_stream_stalls_total", "a", "streaming") == 1)
        }
        try await engine.kill()
    }

    @Test("no first byte in time is a 504, and its backend is let go")
    func firstToken() async throws {
        let engine = try await FakeBackend.start("a") { _, _ in }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine], deadlines: Self.quickFirstToken)
            let response = try await gateway.chat()
            #expect(response.status == 504)
            #expect(response.body.contains("it did not begin to answer in time"))
            await engine.wait(for: "closed")
            #expect(gateway.metric("stoker_gateway_upstream_errors_total", "a", "timeout_first_token") == 1)
        }
        try await engine.kill()
    }

    @Test("a unary answer that falls silent is asked for elsewhere")
    func unaryStall() async throws {
        let silent = try await FakeBackend.start("silent") { _, reply in
            reply.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [silent], standby: [good], deadlines: Self.quickStall)
            #expect(try await gateway.chat().status == 200)
        }
        try await silent.kill()
        try await good.kill()
    }

    @Test("a client that leaves in the middle of a stream ends it at the backend")
    func clientLeaves() async throws {
        let engine = try await Self.oneEvent()
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(Self.request)
            _ = await client.transcript.wait { $0.contains("data: 1") }
            try await client.close()
            // What the engine goes on to send is what finds out that nobody is there.
            let reply = await engine.reply()
            reply.chunk("data: 2\n\n")
            reply.chunk("data: 3\n\n")
            await engine.wait(for: "closed")
        }
        try await engine.kill()
    }

    @Test("a client that leaves before its answer began ends the work at the backend")
    func clientLeavesEarly() async throws {
        let engine = try await FakeBackend.start("a") { _, _ in }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.post())
            await engine.wait(for: "request")
            try await client.close()
            await engine.wait(for: "closed")
            #expect(gateway.metric("stoker_gateway_client_disconnects_total", "before_first_token") == 1)
            #expect(gateway.metric("stoker_gateway_requests_total", "chat", "m", "stable", "499") == 1)
        }
        try await engine.kill()
    }

    @Test("a client that has only closed its own side still gets its answer")
    func halfClosed() async throws {
        let engine = try await FakeBackend.start("a") { _, _ in }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(TestGateway.post())
            try await client.halfClose()
            let reply = await engine.reply()
            // Asked whether it is still there.
            _ = await client.transcript.wait { $0.contains("100 Continue") }
            reply.json(#"{"late":1}"#)
            let text = await client.transcript.end()
            #expect(TestResponse.parse(text).map(\.body) == [#"{"late":1}"#])
        }
        try await engine.kill()
    }

    @Test("a client that does not read stops the backend's stream and holds a bounded amount")
    func slowReader() async throws {
        let engine = try await Self.oneEvent()
        var limits = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0), threads: 1)
        limits.writeTimeout = .milliseconds(300)
        try await TestGateway.with(limits: limits) { gateway in
            try gateway.route(to: [engine], limits: limits)
            let client = try await TestClient.connect(to: gateway.port)
            try await client.send(Self.request)
            _ = await client.transcript.wait { $0.contains("data: 1") }
            try await client.stopReading()
            let reply = await engine.reply()
            let event = "data: " + String(repeating: "x", count: 64 << 10) + "\n\n"
            for _ in 0..<1024 { reply.chunk(event) }
            // 64 MiB do not fit into the buffers on the way: the gateway gives the client up.
            await engine.wait(for: "closed")
            #expect(gateway.metric("stoker_gateway_client_disconnects_total", "slow_reader") == 1)
        }
        try await engine.kill()
    }

    @Test("streams are measured: time to first token, tokens by usage, time per token")
    func metered() async throws {
        let engine = try await FakeBackend.start("a") { _, reply in
            reply.startStream()
            for _ in 0..<3 { reply.chunk("data: {\"choices\":[],\"usage\":null}\n\n") }
            reply.chunk("data: {\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7}}\n\ndata: [DONE]\n\n")
            reply.endStream()
        }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            #expect(try await gateway.chat(#"{"model":"m","stream":true}"#).status == 200)
            #expect(gateway.metric("stoker_gateway_output_tokens_total", "m") == 7)
            #expect(gateway.metric("stoker_gateway_input_tokens_total", "m") == 11)
            #expect(gateway.metric("stoker_gateway_time_to_first_token_seconds", "m", "stable") == 1)
            #expect(gateway.metric("stoker_gateway_time_per_output_token_seconds", "m", "stable") == 1)
            #expect(gateway.metric("stoker_gateway_request_duration_seconds", "chat", "m", "stable") == 1)
            #expect(gateway.metric("stoker_gateway_requests_in_flight", "chat") == 0)
        }
        try await engine.kill()
    }

    @Test("an answer larger than what is held back arrives whole")
    func largeAnswer() async throws {
        let body = "\"" + String(repeating: "y", count: 3 << 20) + "\""
        let engine = try await FakeBackend.start("a") { request, reply in
            if request.number == 1 { return reply.json(body) }
            reply.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            reply.chunk(body)
            reply.endStream()
        }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            for _ in 0..<2 {
                let client = try await TestClient.connect(to: gateway.port)
                try await client.send(TestGateway.post(headers: "Connection: close\r\n"))
                let text = await client.transcript.end()
                #expect(TestResponse.parse(text).first?.body.utf8.count == body.utf8.count)
            }
        }
        try await engine.kill()
    }
}
