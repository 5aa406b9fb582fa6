import StokerAdmin
import StokerCore
import Testing

@Suite("The admin API")
struct AdminAPITests {
    @Test("says that the daemon lives")
    func health() async {
        let response = await api().respond(to: AdminRequest("/healthz"))
        #expect(response.status == 200)
        #expect(response.body == Array("ok\n".utf8))
    }

    @Test("answers the whole status as JSON that reads back the same")
    func status() async throws {
        let response = await api().respond(to: AdminRequest("/api/v1/status"))
        #expect(response.status == 200)
        #expect(response.contentType == "application/json")
        #expect(try AdminJSON.decoded(StatusReport.self, from: response.body) == healthyReport())
    }

    @Test("answers events newest last, by the query")
    func events() async throws {
        let event = Event(id: 9, time: Timestamp(milliseconds: 5), kind: .daemonStarted, message: "started")
        let plane = FakeControlPlane { $0.events = [event] }
        let target = "/api/v1/events?after=3&since=4&process=deep%2Dseek&severity=warning&limit=7"
        let response = await api(plane).respond(to: AdminRequest(target))
        #expect(try AdminJSON.decoded(EventPage.self, from: response.body).events == [event])
        let expected = EventQuery(
            after: 3, since: Timestamp(milliseconds: 4), subject: "deep-seek", minimumSeverity: .warning, limit: 7)
        #expect(plane.seen.queries == [expected])
    }

    @Test("writes a query that it reads back the same")
    func queryRoundTrip() async {
        let plane = FakeControlPlane()
        let queries = [
            EventQuery(),
            EventQuery(
                after: 1, since: Timestamp(milliseconds: 2), subject: "a&b=c %+ü", minimumSeverity: .error,
                limit: 10_000),
        ]
        for query in queries {
            _ = await api(plane).respond(to: AdminRequest("/api/v1/events?\(query.queryText)"))
        }
        #expect(plane.seen.queries == queries)
    }

    @Test(
        "refuses a query that it does not understand, because the answer would be to another question",
        arguments: [
            "limit=0", "limit=10001", "limit=x", "limit=-1", "limit=", "after=-1", "after=1e3", "since=yesterday",
            "severity=loud", "sevrity=error", "limit=1&limit=2", "process=%zz", "process=%", "process=%ff",
            "after=99999999999999999999",
        ])
    func badQuery(query: String) async throws {
        let plane = FakeControlPlane()
        let response = await api(plane).respond(to: AdminRequest("/api/v1/events?\(query)"))
        #expect(response.status == 400)
        #expect(try AdminJSON.decoded(ControlError.self, from: response.body).code == .badRequest)
        #expect(plane.seen.queries.isEmpty)
    }

    @Test("says so when the event store cannot be read")
    func brokenStore() async {
        struct Broken: Error {}
        let response = await api(FakeControlPlane { $0.eventsFailure = Broken() }).respond(
            to: AdminRequest("/api/v1/events"))
        #expect(response.status == 500)
    }

    @Test("answers what the gateway is doing, by the query")
    func requests() async throws {
        let page = RequestPage(
            next: 7,
            requests: [
                FinishedRequest(
                    id: "r", startedAt: Timestamp(milliseconds: 5), route: "chat", model: "m", code: 200, outcome: .ok,
                    durationSeconds: 1)
            ], inFlight: 2, backends: [BackendStatus(name: "a", usable: true, inFlight: 2)])
        let plane = FakeControlPlane { $0.page = page }
        let target = "/api/v1/requests?after=3&model=deep%2Dseek&backend=a&failed=true&limit=7"
        let response = await api(plane).respond(to: AdminRequest(target))
        #expect(response.status == 200)
        #expect(try AdminJSON.decoded(RequestPage.self, from: response.body) == page)
        let expected = RequestQuery(after: 3, model: "deep-seek", backend: "a", failed: true, limit: 7)
        #expect(plane.seen.requestQueries == [expected])
    }

    @Test(
        "refuses a query for requests that it does not understand",
        arguments: ["limit=0", "failed=1", "process=a", "after=-1", "limit=1&limit=1", "model=%"])
    func badRequestsQuery(query: String) async throws {
        let plane = FakeControlPlane()
        let response = await api(plane).respond(to: AdminRequest("/api/v1/requests?\(query)"))
        #expect(response.status == 400)
        #expect(try AdminJSON.decoded(ControlError.self, from: response.body).code == .badRequest)
        #expect(plane.seen.requestQueries.isEmpty)
    }

    @Test("says that the gateway is silent, when it is")
    func silentGateway() async throws {
        let error = ControlError(code: .gatewaySilent, message: "The gateway does not answer: timeout")
        let response = await api(FakeControlPlane { $0.refusal = error }).respond(to: AdminRequest("/api/v1/requests"))
        #expect(response.status == 503)
        #expect(try AdminJSON.decoded(ControlError.self, from: response.body) == error)
    }

    @Test("passes orders on and answers that they were taken", arguments: ProcessOrder.allCases)
    func orders(order: ProcessOrder) async throws {
        let plane = FakeControlPlane()
        let request = AdminRequest("POST", "/api/v1/processes/deepseek-a/\(order.rawValue)")
        let response = await api(plane).respond(to: request)
        #expect(response.status == 202)
        #expect(
            try AdminJSON.decoded(OrderReceipt.self, from: response.body)
                == OrderReceipt(process: "deepseek-a", order: order))
        #expect(plane.seen.orders == ["\(order.rawValue) deepseek-a"])
    }

    @Test("reloads")
    func reload() async {
        let plane = FakeControlPlane()
        let response = await api(plane).respond(to: AdminRequest("POST", "/api/v1/reload"))
        #expect(response.status == 200)
        #expect(plane.seen.orders == ["reload"])
    }

    @Test(
        "gives each refusal its status, and the words to the caller",
        arguments: [
            (.unknownProcess, 404), (.notManaged, 409), (.badConfig, 422), (.shuttingDown, 503), (.busy, 503),
            (.gatewaySilent, 503), (.forbidden, 403), (.badRequest, 400),
        ] as [(ControlError.Code, Int)])
    func refusals(code: ControlError.Code, status: Int) async throws {
        let error = ControlError(code: code, message: "no", hint: "do this")
        let plane = FakeControlPlane { $0.refusal = error }
        for target in ["/api/v1/reload", "/api/v1/processes/x/stop"] {
            let response = await api(plane).respond(to: AdminRequest("POST", target))
            #expect(response.status == status)
            #expect(try AdminJSON.decoded(ControlError.self, from: response.body) == error)
        }
    }

    @Test(
        "knows no other path, however it is dressed up",
        arguments: [
            "/", "", "//healthz", "/healthz/", "/HEALTHZ", "/api/v1", "/api/v1/status/", "/api/v2/status",
            "/api/v1/processes", "/api/v1/processes//stop", "/api/v1/processes/a/b/stop", "/api/v1/processes/a/kill",
            "/api/v1/processes/a/stop/", "/%68ealthz", "/../healthz",
        ])
    func unknownPaths(target: String) async {
        let plane = FakeControlPlane()
        let response = await api(plane).respond(to: AdminRequest("POST", target))
        #expect(response.status == 404)
        #expect(plane.seen.orders.isEmpty)
    }

    @Test(
        "says which method a path takes",
        arguments: [
            ("POST", "/healthz", "GET, HEAD"), ("DELETE", "/api/v1/status", "GET, HEAD"),
            ("PUT", "/metrics", "GET, HEAD"), ("POST", "/api/v1/requests", "GET, HEAD"),
            ("GET", "/api/v1/reload", "POST"), ("HEAD", "/api/v1/reload", "POST"),
            ("GET", "/api/v1/processes/a/stop", "POST"), ("get", "/healthz", "GET, HEAD"),
        ])
    func methods(method: String, target: String, allow: String) async {
        let plane = FakeControlPlane()
        let response = await api(plane).respond(to: AdminRequest(method, target))
        #expect(response.status == 405)
        #expect(response.headers["Allow"] == allow)
        #expect(plane.seen.orders.isEmpty)
    }
}

@Suite("Readiness")
struct ReadinessTests {
    private func answer(_ change: (inout StatusReport) -> Void) async throws -> (status: Int, body: Readiness) {
        let plane = FakeControlPlane { change(&$0.report) }
        let response = await api(plane).respond(to: AdminRequest("/readyz"))
        return (response.status, try AdminJSON.decoded(from: response.body))
    }

    @Test("is given when the gateway serves and each model has a backend")
    func ready() async throws {
        let (status, body) = try await answer { _ in }
        #expect(status == 200)
        #expect(body.ready && body.missing.isEmpty)
    }

    @Test("is given while one gateway replaces another", arguments: [ProcessStatus.State.starting, .draining, .failed])
    func replaced(state: ProcessStatus.State) async throws {
        for place in 0...1 {
            let (status, body) = try await answer {
                var other = $0.processes[0]
                (other.name, other.state) = ("gateway~2", state)
                $0.processes.insert(other, at: place)
                #expect($0.isHealthy)
            }
            #expect(status == 200 && body.missing.isEmpty)
        }
    }

    @Test("names the gateway when it does not serve")
    func gateway() async throws {
        let (status, body) = try await answer {
            $0.processes[0].state = .backoff
            $0.processes[0].reason = "exited with code 1"
        }
        #expect(status == 503)
        #expect(body.missing == ["the gateway is backoff: exited with code 1"])
    }

    @Test("names the gateway when it does not even exist")
    func noGateway() async throws {
        let (status, body) = try await answer { $0.processes.removeFirst() }
        #expect(status == 503)
        #expect(body.missing == ["the gateway was not started"])
    }

    @Test("says of each model without a backend what its backends do instead")
    func models() async throws {
        let (status, body) = try await answer {
            $0.models[0].inRotation = 0
            $0.models[0].backends.append("ghost")
            $0.processes[1].state = .starting
            $0.processes[1].reason = "loading"
        }
        #expect(status == 503)
        #expect(
            body.missing == [
                "model deepseek-r1 has no backend in rotation (deepseek-a: starting, loading; ghost: unknown; "
                    + "other-site: unready, cannot connect: Connection refused)"
            ])
    }
}
