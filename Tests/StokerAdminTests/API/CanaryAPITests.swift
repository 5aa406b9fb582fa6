import StokerAdmin
import StokerCore
import Testing

@Suite struct CanaryAPITests {
    private func post(_ target: String, _ plane: FakeControlPlane) async -> AdminResponse {
        await api(plane).respond(to: AdminRequest("POST", target))
    }

    @Test func `the canaries of all models are one page`() async throws {
        let response = await api().respond(to: AdminRequest("/api/v1/canaries"))
        #expect(response.status == 200)
        let page = try AdminJSON.decoded(CanaryPage.self, from: response.body)
        #expect(page.canaries.map(\.model) == ["m"] && page.canaries.map(\.state) == ["none"])
    }

    @Test(arguments: [
        CanaryRequest(
            .start, model: "deepseek-ai/R1 & co",
            order: CanaryOrder(backends: ["a", "b"], steps: [5, 100, 1000], hold: .seconds(90), minRequests: 7)),
        CanaryRequest(.start, model: "m"), CanaryRequest(.promote, model: "m"),
        CanaryRequest(.promote, model: "m", toEnd: true), CanaryRequest(.abort, model: "m"),
    ])
    func `a request is read back as it was written`(request: CanaryRequest) async throws {
        let plane = FakeControlPlane()
        let response = await post("/api/v1/canary/\(request.verb.rawValue)?\(request.queryText)", plane)
        #expect(response.status == 200)
        #expect(plane.seen.canaryRequests == [request])
        #expect(try AdminJSON.decoded(CanaryStatus.self, from: response.body).model == request.model)
    }

    @Test(arguments: [
        "start", "start?model=", "start?model=m&model=n", "start?model=m&steps=0", "start?model=m&steps=50,20",
        "start?model=m&hold=0s", "start?model=m&hold=8d", "start?model=m&hold=2", "start?model=m&min_requests=0",
        "start?model=m&min_requests=1e3", "start?model=m&all=true", "promote?model=m&steps=10",
        "abort?model=m&all=true",
        "start?model=%zz",
    ])
    func `a request that makes no sense is refused and not passed on`(target: String) async throws {
        let plane = FakeControlPlane()
        let response = await post("/api/v1/canary/\(target)", plane)
        #expect(response.status == 400)
        #expect(plane.seen.canaryRequests.isEmpty)
    }

    @Test func `orders are taken by POST over the socket, and by known verbs`() async {
        let plane = FakeControlPlane()
        let target = "/api/v1/canary/abort?model=m"
        #expect(await api(plane).respond(to: AdminRequest(target)).status == 405)
        let overTCP = AdminRequest("POST", target, headers: ["host": "localhost"], transport: .tcp)
        #expect(await api(plane).respond(to: overTCP).status == 403)
        #expect(await post("/api/v1/canary/stop?model=m", plane).status == 404)
        #expect(await post("/api/v1/canary?model=m", plane).status == 404)
        #expect(plane.seen.canaryRequests.isEmpty)
    }

    @Test(arguments: [(ControlError.Code.unknownModel, 404), (.conflict, 409)])
    func `a refusal has its status`(code: ControlError.Code, status: Int) async {
        let plane = FakeControlPlane { $0.refusal = ControlError(code: code, message: "no") }
        #expect(await post("/api/v1/canary/abort?model=m", plane).status == status)
    }
}

@Suite struct CanaryScreenTests {
    private func plain(_ canaries: [CanaryStatus]) -> String {
        CanaryScreen(canaries).rendered(.of(isTerminal: false, width: nil, environment: [:]))
    }

    private let moment = CanaryMachine.Moment(elapsed: .zero, wall: Timestamp(milliseconds: 0))

    @Test func `no canary in the config is said`() {
        #expect(plain([]) == "no model has a canary in the config\n")
    }

    @Test func `one that does nothing says how it begins`() {
        let status = CanaryStatus(CanaryMachine(model: "m"), offered: ["new"])
        #expect(plain([status]) == "m: none at 0 % on new\n  next: nothing runs; stoker canary start m\n")
    }

    @Test func `one that runs shows both sides, the evidence and what comes next`() throws {
        var machine = CanaryMachine(model: "m")
        let order = CanaryOrder(backends: ["new"], steps: [100, 1000], hold: .seconds(60))
        _ = try machine.obey(.start(order, salt: 3), at: moment)
        var counts = CanaryCounts(model: "m", permille: 100, salt: 3)
        counts.canary.begun = 30
        counts.canary.fail(reason: "reset")
        counts.canary.time(microseconds: 120_000)
        counts.stable = FirstAttempts(begun: 270)
        _ = machine.handle(.counts(counts), at: moment)
        let lines = plain([CanaryStatus(machine, offered: ["new"])]).split(separator: "\n").map(String.init)
        #expect(lines[0] == "m: running at 10 % on new (steps 10 %, 100 %)")
        let words = lines[2].split(separator: " ").map(String.init)
        #expect(words == ["canary", "30", "1", "0", "120", "ms", "reset", "1"])
        #expect(lines[3].split(separator: " ").map(String.init) == ["stable", "270", "0", "0"])
        #expect(lines[4].hasPrefix("  evidence against it: ") && lines[4].hasSuffix(" of 100"))
        #expect(lines[5] == "  next: 100 % in 1 min after 70 more first attempts")
    }
}
