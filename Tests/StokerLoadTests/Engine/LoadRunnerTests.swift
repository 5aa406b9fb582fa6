import StokerLoad
import StokerTesting
import Testing

@Suite("Load runner", .serialized) struct LoadRunnerTests {
    private func plan(
        _ port: UInt16, users: Double = 1, requests: Int? = 6, duration: Nanoseconds = 20_000_000_000,
        _ change: (inout LoadPlan) -> Void = { _ in }
    ) -> LoadPlan {
        var plan = LoadPlan(
            target: LoadTarget(
                host: "127.0.0.1", port: port, path: "/v1/completions", endpoint: .completions, model: "m"),
            arrival: .users(UserArrival(stages: [Stage(duration: 0, level: users)])),
            stop: StopRule(duration: duration, requests: requests, grace: 1_000_000_000),
            workload: WorkloadPlan(
                dataset: .synthetic(SyntheticPrompts(inputTokens: .constant(4), outputTokens: .constant(3)))), seed: 1)
        change(&plan)
        return plan
    }

    @Test func `whole streams are successes, and their connection is used again`() async throws {
        let server = try ScriptedServer { _, _ in [.send(Answers.stream)] }
        let tally = try await LoadRunner(plan(server.port)).run()
        #expect(tally.total.outcomes == [.ok: 6])
        #expect(tally.total.outputTokens == 18)
        #expect(tally.total.inputTokens == 30)
        #expect(tally.total.tokenEvents == 18)
        #expect(tally.client.connections == 1)
        #expect(tally.total.reused == 5)
        #expect(tally.client.measurementErrors == 0)
        #expect((tally.client.littleGap ?? 1) < 0.001)
        #expect(server.requests == 6)
    }

    @Test func `without keep-alive each request has a connection of its own`() async throws {
        let server = try ScriptedServer { _, _ in [.send(Answers.stream)] }
        let tally = try await LoadRunner(plan(server.port) { $0.capacity.keepsAlive = false }).run()
        #expect(tally.total.outcomes == [.ok: 6])
        #expect(tally.client.connections == 6)
    }

    @Test func `several loops and shards offer exactly the plan`() async throws {
        let server = try ScriptedServer { _, _ in [.send(Answers.stream)] }
        var sum = 0
        for index in 0..<3 {
            let part = plan(server.port, users: 7, requests: 50) {
                $0.capacity.loops = 2
                $0.shard = Shard(index: index, count: 3)
            }
            sum += try await LoadRunner(part).run().total.sent
        }
        #expect(sum == 50)
        #expect(server.requests == 50)
    }

    @Test(
        arguments: [
            ("closes at once", Outcome.closedEarly, [.close]), ("resets", .reset, [.reset]),
            ("closes in the head", .truncated, [.send("HTTP/1.1 200 OK\r\nConte"), .close]),
            ("closes in the stream", .truncated, [.send(Answers.streamHead + "10\r\ndata: {"), .close]),
            ("says too little", .truncated, [.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc"), .close]),
            ("speaks another protocol", .malformed, [.send("220 mail ESMTP\r\n\r\n"), .close]),
            ("redirects", .redirect, [.send("HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")]),
            ("sends a page", .wrongContentType, [.send(Answers.whole("200 OK", "text/html", "<html>"))]),
            ("is overloaded", .unavailable, [.send(Answers.whole("503 S", "application/json", "{}"))]),
            ("limits", .rateLimited, [.send(Answers.whole("429 T", "application/json", "{}"))]),
            ("fails", .serverError, [.send(Answers.whole("500 E", "application/json", #"{"error":{}}"#))]),
            (
                "says an error in the stream", .streamError,
                [
                    .send(
                        Answers.streamHead + Answers.chunked(Answers.token, "data: {\"error\":{\"message\":\"x\"}}\n\n")
                    )
                ]
            ),
            ("says nothing", .noToken, [.send(Answers.streamHead + Answers.chunked("data: [DONE]\n\n"))]),
            ("stops without an end", .unfinished, [.send(Answers.streamHead + Answers.chunked(Answers.token))]),
        ] as [(String, Outcome, [ScriptedServer.Action])])
    func `a server that`(what: String, outcome: Outcome, actions: [ScriptedServer.Action]) async throws {
        let server = try ScriptedServer { _, _ in actions }
        let tally = try await LoadRunner(plan(server.port, requests: 2)).run()
        #expect(tally.total.outcomes == [outcome: 2], "\(what)")
        #expect(tally.errors[outcome]?.count == 2)
    }

    @Test func `a closed port is refused, and users do not hammer it`() async throws {
        let port = try HeldPort()
        let tally = try await LoadRunner(plan(port.number, requests: nil, duration: 350_000_000)).run()
        #expect((1...4).contains(tally.total.outcomes[.refused] ?? 0))
        #expect(tally.errors[.refused]?.sample == "Connection refused")
        withExtendedLifetime(port) {}
    }

    @Test func `an unknown host is a result`() async throws {
        let tally = try await LoadRunner(plan(1) { $0.target.host = "no-such-host.invalid" }).run()
        #expect(tally.total.outcomes == [.unknownHost: 1])
        #expect(tally.errors[.unknownHost]?.sample.contains("no-such-host.invalid") == true)
    }

    @Test func `a connection that the server closed while it was idle is no failure`() async throws {
        let server = try ScriptedServer { _, request in request == 0 ? [.send(Answers.stream)] : [.close] }
        let tally = try await LoadRunner(plan(server.port)).run()
        #expect(tally.total.outcomes == [.ok: 6])
        #expect(tally.client.staleConnections == 5)
    }

    @Test(arguments: [
        (Outcome.firstTokenTimeout, [] as [ScriptedServer.Action]),
        (
            .idleTimeout,
            [.send(Answers.streamHead + "\(String(Answers.token.utf8.count, radix: 16))\r\n\(Answers.token)")]
        ),
    ])
    func `a server that falls silent runs into a deadline`(
        outcome: Outcome, actions: [ScriptedServer.Action]
    ) async throws {
        let server = try ScriptedServer { _, _ in actions + [.hang] }
        let tally = try await LoadRunner(
            plan(server.port, requests: 1) {
                $0.deadlines.firstToken = 150_000_000
                $0.deadlines.idle = 250_000_000
            }
        ).run()
        #expect(tally.total.outcomes == [outcome: 1])
    }

    @Test func `a stop cuts what is under way and keeps what was measured`() async throws {
        let server = try ScriptedServer { connection, _ in connection < 2 ? [.send(Answers.stream), .close] : [.hang] }
        let runner = LoadRunner(plan(server.port, users: 3, requests: nil))
        async let result = runner.run()
        while server.connections < 5 { await Task.yield() }
        runner.stop()
        let tally = try await result
        #expect((tally.total.outcomes[.ok] ?? 0) >= 2)
        #expect((tally.total.outcomes[.censored] ?? 0) == 3)
    }

    @Test func `an open loop at its cap drops, and says so`() async throws {
        let server = try ScriptedServer { _, _ in [.hang] }
        let tally = try await LoadRunner(
            plan(server.port, requests: 20, duration: 400_000_000) {
                $0.arrival = .rate(RateArrival(stages: [Stage(duration: 0, level: 100)], spacing: .constant))
                $0.capacity.inFlight = 5
                $0.capacity.atCap = .drop
                $0.stop.grace = 0
            }
        ).run()
        #expect(tally.total.outcomes == [.dropped: 15, .censored: 5])
    }

    @Test func `requests of the warm-up are sent and not measured`() async throws {
        let server = try ScriptedServer { _, _ in [.send(Answers.stream)] }
        let tally = try await LoadRunner(
            plan(server.port, requests: 20) {
                $0.arrival = .rate(RateArrival(stages: [Stage(duration: 0, level: 100)], spacing: .constant))
                $0.stop.warmUp = 100_000_000
            }
        ).run()
        #expect(tally.warmUp.sent == 10)
        #expect(tally.total.sent == 10)
        #expect(server.requests == 20)
    }

    @Test func `an open loop sends at the planned times`() async throws {
        let server = try ScriptedServer { _, _ in [.send(Answers.stream)] }
        let tally = try await LoadRunner(
            plan(server.port, requests: 30) {
                $0.arrival = .trace((0..<30).map { Nanoseconds($0) * 5_000_000 })
            }
        ).run()
        #expect(tally.total.outcomes == [.ok: 30])
        #expect(tally.span.lastScheduled == 145_000_000)
        #expect(tally.span.lastSent >= tally.span.lastScheduled)
    }

    @Test func `what was due before the end is sent, however late the loop is`() async throws {
        let server = try ScriptedServer { _, _ in [.send(Answers.stream)] }
        let tally = try await LoadRunner(
            plan(server.port, requests: nil, duration: 50_000_001) {
                $0.arrival = .trace((0..<200).map { Nanoseconds($0) * 1_000_000 })
            }
        ).run()
        #expect(tally.total.outcomes == [.ok: 51])
    }

    @Test func `a snapshot shows a run that is under way`() async throws {
        let server = try ScriptedServer { _, _ in [.send(Answers.stream)] }
        let runner = LoadRunner(plan(server.port, requests: nil))
        async let result = runner.run()
        while runner.snapshot().tally.total.sent == 0 { await Task.yield() }
        let snapshot = runner.snapshot()
        runner.stop()
        let tally = try await result
        #expect(snapshot.elapsed > 0)
        #expect(snapshot.users == 1)
        #expect(snapshot.tally.total.sent <= tally.total.sent)
    }

    @Test func `a body is sent by POST, none by GET`() async throws {
        let server = try ScriptedServer { _, _ in [.send(Answers.whole("200 OK", "text/plain", "pong"))] }
        for body in [[], Array("ping".utf8)] as [[UInt8]] {
            let tally = try await LoadRunner(
                plan(server.port) {
                    $0.target = LoadTarget(
                        host: "127.0.0.1", port: server.port, path: "/", endpoint: .http, isStreamed: false)
                    $0.workload = WorkloadPlan(dataset: .fixed(body))
                }
            ).run()
            #expect(tally.total.outcomes == [.ok: 6])
        }
    }

    @Test func `a server without TLS is told apart from one that is down`() async throws {
        let server = try ScriptedServer { _, _ in [.send("HTTP/1.1 400 Bad\r\n\r\n"), .close] }
        let tally = try await LoadRunner(plan(server.port, requests: 1) { $0.target.isTLS = true }).run()
        #expect(tally.total.bad == 1)
        #expect(tally.total.outcomes[.tls] == 1 || tally.total.outcomes[.connectTimeout] == 1)
    }
}
