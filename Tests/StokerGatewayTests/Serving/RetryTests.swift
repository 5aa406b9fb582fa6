import StokerCore
import StokerGateway
import Testing

@Suite("Retry and rotation", .timeLimit(.minutes(1)))
struct RetryTests {
    @Test("a refused connection costs the client nothing, and the backend leaves the rotation")
    func refused() async throws {
        let dead = try await FakeBackend.start("dead") { _, _ in }
        let alive = try await FakeBackend.start("alive") { _, reply in reply.json("{}") }
        try await dead.kill()
        try await TestGateway.with { gateway in
            try gateway.route(to: [dead, alive])
            for _ in 0..<6 { #expect(try await gateway.chat().status == 200) }
            let status = try #require(gateway.server.desk.table.status.backends.first { $0.name == "dead" })
            #expect(!status.usable)
            #expect(status.lastError == "no connection (connection refused)")
            #expect(gateway.metric("stoker_gateway_upstream_errors_total", "dead", "connect") == 1)
            #expect(gateway.metric("stoker_gateway_retries_total", "alive", "connect") == 1)
            #expect(gateway.metric("stoker_gateway_backend_up", "dead", "m") == 0)
        }
        try await alive.kill()
    }

    @Test(
        "an answer that breaks off before it is whole is asked for elsewhere",
        arguments: [
            "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "junk\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ])
    func brokenAnswer(_ bytes: String) async throws {
        let bad = try await FakeBackend.start("bad") { _, reply in
            reply.raw(bytes)
            reply.close()
        }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [bad], standby: [good])
            let response = try await gateway.chat()
            #expect(response.status == 200)
            #expect(response.body == "{}")
        }
        try await bad.kill()
        try await good.kill()
    }

    @Test("a reset before the answer is asked for elsewhere")
    func reset() async throws {
        let bad = try await FakeBackend.start("bad") { _, reply in reply.reset() }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [bad], standby: [good])
            #expect(try await gateway.chat().status == 200)
        }
        try await bad.kill()
        try await good.kill()
    }

    @Test("back-pressure is asked for elsewhere and takes nobody out of rotation", arguments: [429, 502, 503, 504])
    func backPressure(_ code: Int) async throws {
        let full = try await FakeBackend.start("full") { _, reply in reply.json("{}", status: code) }
        let free = try await FakeBackend.start("free") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [full], standby: [free])
            #expect(try await gateway.chat().status == 200)
            #expect(gateway.usable == gateway.server.desk.table.status.backends.map(\.name))
        }
        try await full.kill()
        try await free.kill()
    }

    @Test("the only backend's refusal reaches the client as it is")
    func relayedRefusal() async throws {
        let full = try await FakeBackend.start("full") { _, reply in
            reply.json(#"{"error":"full"}"#, status: 503, headers: "Retry-After: 7\r\n")
        }
        try await TestGateway.with { gateway in
            try gateway.route(to: [full])
            let response = try await gateway.chat()
            #expect(response.status == 503)
            #expect(response.headers["retry-after"] == "7")
            #expect(response.body == #"{"error":"full"}"#)
        }
        try await full.kill()
    }

    @Test("a 500 is tried elsewhere once, and is the answer when it comes again")
    func serverError() async throws {
        let broken = try await FakeBackend.start("broken") { _, reply in reply.json(#"{"error":"boom"}"#, status: 500) }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [broken], standby: [good])
            #expect(try await gateway.chat().status == 200)
            #expect(gateway.metric("stoker_gateway_retries_total", "good", "http_5xx") == 1)
            good.setScript { _, reply in reply.json(#"{"error":"too"}"#, status: 500) }
            let response = try await gateway.chat()
            #expect(response.status == 500)
            #expect(response.body == #"{"error":"too"}"#)
        }
        try await broken.kill()
        try await good.kill()
    }

    @Test("an engine's 400 is the answer, not a reason to ask again", arguments: [400, 404, 422])
    func notRetried(_ code: Int) async throws {
        let first = try await FakeBackend.start("first") { _, reply in reply.json("{}", status: code) }
        let second = try await FakeBackend.start("second") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [first], standby: [second])
            #expect(try await gateway.chat().status == code)
            #expect(second.requests.isEmpty)
        }
        try await first.kill()
        try await second.kill()
    }

    @Test("one of two backends dies with a hundred requests in flight: none fails")
    func killed() async throws {
        let victim = try await FakeBackend.start("victim") { _, _ in }
        let survivor = try await FakeBackend.start("survivor") { _, _ in }
        try await TestGateway.with { gateway in
            try gateway.route(to: [victim, survivor])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<100 { group.addTask { try await gateway.chat().status } }
                await victim.wait(for: "request", times: 50)
                await survivor.wait(for: "request", times: 50)
                survivor.setScript { _, reply in reply.json("{}") }
                try await victim.kill()
                for number in 1...50 { await survivor.reply(number).json("{}") }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 100))
        }
        try await survivor.kill()
    }

    @Test("a backend that dies in the middle of fifty half-sent unary answers costs no answer")
    func killedHalfway() async throws {
        let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"half\":"
        let victim = try await FakeBackend.start("victim") { _, reply in reply.raw(half) }
        let survivor = try await FakeBackend.start("survivor") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [victim], standby: [survivor])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { try await gateway.chat().status } }
                await victim.wait(for: "request", times: 50)
                try await victim.kill()
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 50))
            #expect(survivor.requests.count == 50)
        }
        try await survivor.kill()
    }

    @Test("a kept connection that the backend has closed is replaced without a retry being counted")
    func staleConnection() async throws {
        let engine = try await FakeBackend.start("a") { request, reply in
            if request.number == 2 { reply.reset() } else { reply.json("{}") }
        }
        try await TestGateway.with { gateway in
            try gateway.route(to: [engine])
            let client = try await TestClient.connect(to: gateway.port)
            for _ in 0..<3 { #expect(try await client.roundTrip(TestGateway.post()).status == 200) }
            #expect(gateway.metric("stoker_gateway_retries_total", "a", "reset") == 0)
            #expect(gateway.usable == gateway.server.desk.table.status.backends.map(\.name))
        }
        try await engine.kill()
    }

    @Test("with every backend dead the answer is a 503 that says why and when to come back")
    func allDead() async throws {
        let a = try await FakeBackend.start("a") { _, _ in }
        try await a.kill()
        try await TestGateway.with { gateway in
            var loading = a.route
            loading.name = "b"
            loading.inRotation = false
            loading.reason = "loading weights"
            try gateway.route([a.route, loading], ModelRoute(name: "m", tiers: [["a", "b"]]))
            for _ in 0..<2 {
                let response = try await gateway.chat()
                #expect(response.status == 503)
                #expect(response.headers["retry-after"] == "1")
                #expect(response.body.contains("a: no connection (connection refused); b: loading weights"))
                #expect(response.body.contains(#""code":"no_backend""#))
            }
            #expect(gateway.metric("stoker_gateway_shed_requests_total", "no_backend") == 1)
        }
    }

    @Test("a backend that comes back is asked for its health and serves again, without a hand")
    func recovery() async throws {
        let first = try await FakeBackend.start("a") { _, _ in }
        let port = first.port
        try await first.kill()
        try await TestGateway.with { gateway in
            try gateway.route(to: [first])
            #expect(try await gateway.chat().status == 503)
            let second = try await FakeBackend.start("a", port: port, health: 503) { _, reply in reply.json("{}") }
            await second.wait(for: "health")
            #expect(try await gateway.chat().status == 503)
            second.setHealth(200)
            // The next table asks at once; without it the backoff would.
            await second.wait(for: "health", times: 2)
            while try await gateway.chat().status != 200 { await Task.yield() }
            #expect(first.requests.isEmpty)
            try await second.kill()
        }
    }

    @Test("the standby tier serves only while nobody of the first tier can")
    func standby() async throws {
        let first = try await FakeBackend.start("first") { _, reply in reply.json("1") }
        let second = try await FakeBackend.start("second") { _, reply in reply.json("2") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [first], standby: [second])
            for _ in 0..<3 { #expect(try await gateway.chat().body == "1") }
            var out = first.route
            out.inRotation = false
            let model = ModelRoute(name: "m", tiers: [["first"], ["second"]])
            try gateway.route([out, second.route], model, version: 2)
            #expect(try await gateway.chat().body == "2")
            try gateway.route([first.route, second.route], model, version: 3)
            #expect(try await gateway.chat().body == "1")
        }
        try await first.kill()
        try await second.kill()
    }

    @Test("equal backends take turns, a busy one is left alone")
    func leastInFlight() async throws {
        let slow = try await FakeBackend.start("slow") { _, _ in }
        let quick = try await FakeBackend.start("quick") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [slow, quick])
            let stuck = try await TestClient.connect(to: gateway.port)
            try await stuck.send(TestGateway.post())
            let other = try await TestClient.connect(to: gateway.port)
            try await other.send(TestGateway.post())
            await slow.wait(for: "request")
            for _ in 0..<10 { #expect(try await gateway.chat().status == 200) }
            #expect(slow.requests.count == 1)
        }
        try await slow.kill()
        try await quick.kill()
    }
}
