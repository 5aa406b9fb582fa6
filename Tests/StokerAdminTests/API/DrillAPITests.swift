import StokerAdmin
import StokerCore
import Testing

@Suite("Drills in the admin API")
struct DrillAPITests {
    private static let order = DrillOrder(
        .hang, targets: ["a", "b c"], lasts: .seconds(30), users: 5, caller: .init(name: "alice & co", uid: 1000))

    private func ask(_ plane: FakeControlPlane, _ method: String, _ target: String) async -> AdminResponse {
        await api(plane).respond(to: AdminRequest(method, "/api/v1/drills\(target)"))
    }

    @Test func `an order goes over the wire as it was meant`() async {
        let plane = FakeControlPlane()
        #expect(await ask(plane, "GET", "/check?\(Self.order.queryText)").status == 200)
        #expect(await ask(plane, "POST", "?\(Self.order.queryText)").status == 200)
        #expect(plane.seen.drills == [.check(Self.order), .begin(Self.order)])
    }

    @Test func `so does what a load saw`() async {
        let plane = FakeControlPlane()
        var load = DrillLoad(users: 5, requests: 100, failed: 1, broken: 2)
        _ = await ask(plane, "POST", "/7/load?\(load.queryText)")
        load.medianFirstTokenSeconds = 0.02
        load.worstFirstTokenSeconds = 1.5
        load.medianGapSeconds = 0.01
        load.worstGapSeconds = 0.25
        _ = await ask(plane, "POST", "/7/load?\(load.queryText)")
        #expect(plane.seen.drills.last == .load(7, load))
        #expect(plane.seen.drills.count == 2)
    }

    @Test func `a drill that has begun is accepted, and can be looked at and cancelled`() async throws {
        let state = DrillState(
            phase: .running,
            record: DrillRecord(
                order: Self.order, startedAt: Timestamp(milliseconds: 1), host: "h", version: "v", configDigest: "d",
                policy: DrillPolicy(), plan: []))
        let plane = FakeControlPlane { $0.drillAnswer = .state(state) }
        let begun = await ask(plane, "POST", "?\(Self.order.queryText)")
        #expect(begun.status == 202)
        #expect(try AdminJSON.decoded(DrillState.self, from: begun.body) == state)
        #expect(await ask(plane, "GET", "/3").status == 200)
        #expect(await ask(plane, "POST", "/3/cancel").status == 200)
        #expect(plane.seen.drills.suffix(2) == [.state(3), .cancel(3)])
    }

    @Test(arguments: [
        "?target=a", "?kind=burn&target=a", "?kind=kill&kind=kill", "?kind=kill&for=soon", "?kind=kill&users=-1",
        "?kind=kill&users=many", "?kind=kill&uid=root", "?kind=kill&force=1",
    ])
    func `an order that is not understood is refused`(query: String) async {
        let plane = FakeControlPlane()
        #expect(await ask(plane, "POST", query).status == 400)
        #expect(plane.seen.drills.isEmpty)
    }

    @Test(arguments: ["/x", "/1/more", "/check/1", "/1/load/2"])
    func `there are no other paths`(path: String) async {
        #expect(await ask(FakeControlPlane(), "GET", path).status == 404)
    }

    @Test(arguments: [("GET", "/check", 405), ("POST", "/3/load", 405), ("POST", "", 405)])
    func `a path takes one method`(method: String, path: String, status: Int) async {
        let other = method == "GET" ? "POST" : "GET"
        #expect(await ask(FakeControlPlane(), other, path).status == status)
    }

    @Test func `nobody begins one over TCP, and a refusal is a conflict`() async {
        let request = AdminRequest(
            "POST", "/api/v1/drills?kind=kill&target=a", headers: ["host": "127.0.0.1"], transport: .tcp)
        #expect(await api(FakeControlPlane()).respond(to: request).status == 403)
        let plane = FakeControlPlane { $0.refusal = .drillRefused("drill 1 runs", hint: "wait") }
        #expect(await ask(plane, "POST", "?\(Self.order.queryText)").status == 409)
    }
}
