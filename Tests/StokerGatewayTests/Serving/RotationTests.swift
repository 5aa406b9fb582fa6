import StokerCore
import StokerGateway
import Testing

@Suite("Rotation", .timeLimit(.minutes(1)))
struct RotationTests {
    private func status(_ gateway: TestGateway, _ name: String) throws -> BackendStatus {
        try #require(gateway.server.desk.table.status.backends.first { $0.name == name })
    }

    private static func asked(_ text: String) -> String {
        let system = String(repeating: "You are helpful. ", count: 20)
        return #"{"model":"m","messages":[{"role":"system","content":"\#(text)\#(system)"},{"role":"user"}]}"#
    }

    @Test func `five bad answers in a row take a backend out while another serves`() async throws {
        let bad = try await FakeBackend.start("bad") { _, reply in reply.json("{}", status: 500) }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [bad], standby: [good])
            for _ in 0..<20 { #expect(try await gateway.chat().status == 200) }
            #expect(bad.requests.count == 5)
            let status = try status(gateway, "bad")
            #expect(!status.usable && status.state == "ejected" && status.panic == false)
            #expect(status.lastError == "ejected after 5 bad answers in a row (it answered 500)")
            #expect(gateway.metric("stoker_gateway_ejections_total", "bad", "http_5xx") == 1)
        }
        try await bad.kill()
        try await good.kill()
    }

    @Test func `a good answer in between keeps it in`() async throws {
        let moody = try await FakeBackend.start("moody") { request, reply in
            reply.json("{}", status: request.number % 5 == 0 ? 200 : 500)
        }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [moody], standby: [good])
            for _ in 0..<10 { #expect(try await gateway.chat().status == 200) }
            #expect(moody.requests.count == 10)
        }
        try await moody.kill()
        try await good.kill()
    }

    @Test(arguments: [429, 503])
    func `back-pressure takes nobody out, however often`(code: Int) async throws {
        let full = try await FakeBackend.start("full") { _, reply in reply.json("{}", status: code) }
        let free = try await FakeBackend.start("free") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [full], standby: [free])
            for _ in 0..<12 { #expect(try await gateway.chat().status == 200) }
            #expect(full.requests.count == 12 && gateway.usable.contains("full"))
        }
        try await full.kill()
        try await free.kill()
    }

    @Test func `the last one stays, bad as it is, and the gateway says that it fails open`() async throws {
        let only = try await FakeBackend.start("only") { request, reply in
            reply.json("{}", status: request.number > 8 ? 200 : 500)
        }
        try await TestGateway.with { gateway in
            try gateway.route(to: [only])
            for _ in 0..<8 { #expect(try await gateway.chat().status == 500) }
            let bad = try status(gateway, "only")
            #expect(bad.usable && bad.panic == true)
            #expect(bad.remark == "only: panic: asked all the same, nobody else serves")
            #expect(gateway.metric("stoker_gateway_ejections_denied_total", "only") ?? 0 >= 4)
            #expect(try await gateway.chat().status == 200)
            #expect(try status(gateway, "only").panic == false)
        }
        try await only.kill()
    }

    @Test func `one that is ejected serves where the other has died, and that one is not asked again`() async throws {
        let bad = try await FakeBackend.start("bad") { _, reply in reply.json("{}", status: 500) }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [bad], standby: [good])
            for _ in 0..<5 { #expect(try await gateway.chat().status == 200) }
            #expect(try status(gateway, "bad").state == "ejected")
            bad.setScript { _, reply in reply.json("{}") }
            try await good.kill()
            for _ in 0..<4 { #expect(try await gateway.chat().status == 200) }
            #expect(try status(gateway, "bad").panic == true)
            #expect(gateway.metric("stoker_gateway_panic_requests_total", "bad") == 4)
            #expect(gateway.metric("stoker_gateway_upstream_errors_total", "good", "connect") ?? 0 <= 1)
        }
        try await bad.kill()
    }

    @Test func `one that came back is out for longer when it fails again, and begins with a tenth`() async throws {
        let first = try await FakeBackend.start("a") { _, reply in reply.reset() }
        let good = try await FakeBackend.start("good") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            try gateway.route(to: [first], standby: [good])
            #expect(try await gateway.chat().status == 200)
            await first.wait(for: "health")
            while try status(gateway, "a").state != "warming-up" { await Task.yield() }
            #expect(try status(gateway, "a").share == 9)
            #expect(try await gateway.chat().status == 200)
            while try status(gateway, "a").state != "proving" { await Task.yield() }
            #expect(try status(gateway, "a").proof == ["state: proving", "relapses: 1", "has to answer for: 5s"])
            #expect(!gateway.usable.contains("a"))
        }
        try await first.kill()
        try await good.kill()
    }

    @Test func `requests that begin alike go to one backend, and others elsewhere`() async throws {
        let engines = [
            try await FakeBackend.start("a") { _, reply in reply.json(#""a""#) },
            try await FakeBackend.start("b") { _, reply in reply.json(#""b""#) },
            try await FakeBackend.start("c") { _, reply in reply.json(#""c""#) },
        ]
        try await TestGateway.with { gateway in
            try gateway.route(to: engines)
            var homes: Set<String> = []
            for prefix in 0..<12 {
                let answers = try await [0, 1, 2].asyncMap { _ in try await gateway.chat(Self.asked("\(prefix)")).body }
                #expect(Set(answers).count == 1)
                homes.formUnion(answers)
            }
            #expect(homes.count == 3)
        }
        for engine in engines { try await engine.kill() }
    }

    @Test func `a backend gets no more than its slots while the next tier has room`() async throws {
        let small = try await FakeBackend.start("small") { _, _ in }
        let spare = try await FakeBackend.start("spare") { _, reply in reply.json("{}") }
        try await TestGateway.with { gateway in
            var route = small.route
            route.slots = 2
            try gateway.route([route, spare.route], ModelRoute(name: "m", tiers: [["small"], ["spare"]]))
            var waiting: [TestClient] = []
            for number in 1...2 {
                let client = try await TestClient.connect(to: gateway.port)
                try await client.send(TestGateway.post())
                await small.wait(for: "request", times: number)
                waiting.append(client)
            }
            for _ in 0..<3 { #expect(try await gateway.chat().status == 200) }
            #expect(small.requests.count == 2 && spare.requests.count == 3)
        }
        try await small.kill()
        try await spare.kill()
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
