import FoundationEssentials
import StokerCore
import Testing

/// Two engines and a standby elsewhere, as a plan.
private let plan = Plan(
    stateDirectory: "/s", runtimeDirectory: "/r",
    gateway: GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 8080)), adminListen: nil,
    events: EventRetention(),
    processes: [
        ProcessPlan(
            name: "a", kind: .inference, engine: .vllm, command: ["vllm"],
            endpoint: BackendAddress(host: "127.0.0.1", port: 9001)),
        ProcessPlan(
            name: "b", kind: .inference, engine: .llamaCpp, command: ["llama"],
            endpoint: BackendAddress(host: "127.0.0.1", port: 9002)),
        ProcessPlan(name: "far", kind: .inference, engine: .vllm, endpoint: BackendAddress(host: "far", port: 8000)),
        ProcessPlan(name: "cron", kind: .other, command: ["cron"]),
    ],
    models: [ModelPlan(name: "m", backends: ["a", "b"], standby: ["far"], seams: 3)], digest: "0")

private func status(_ name: String, _ state: ProcessStatus.State) -> ProcessStatus {
    ProcessStatus(
        name: name, kind: .inference, engine: .vllm, state: state, since: Timestamp(milliseconds: 0), reason: "why")
}

struct RoutingTableTests {
    @Test func `only processes that serve a model become backends`() {
        let table = RoutingTable(plan: plan, statuses: [], version: 1, epoch: 2)
        #expect(table.backends.map(\.name) == ["a", "b", "far"])
        #expect(table.models.first?.tiers == [["a", "b"], ["far"]])
        #expect(table.models.first?.seams == 3)
    }

    @Test(arguments: ProcessStatus.State.allCases)
    func `a backend is in rotation exactly while its process is ready`(state: ProcessStatus.State) {
        let table = RoutingTable(plan: plan, statuses: [status("a", state)], version: 1, epoch: 2)
        #expect(table.backends.first?.inRotation == (state == .ready))
    }

    @Test func `a process nobody reported on is not in rotation`() {
        let table = RoutingTable(plan: plan, statuses: [], version: 1, epoch: 2)
        #expect(table.backends.allSatisfy { !$0.inRotation && $0.reason == "not started yet" })
    }

    @Test func `the engine's profile fills in how a backend is asked and continued`() {
        let table = RoutingTable(plan: plan, statuses: [], version: 1, epoch: 2)
        #expect(
            table.backends.map(\.continuation) == [.continueFinalMessage, .assistantPrefill, .continueFinalMessage])
    }

    @Test func `the gateway's own experience decides how many backends a model has`() {
        let table = RoutingTable(
            plan: plan, statuses: [status("a", .ready), status("b", .ready)], version: 1, epoch: 2)
        let seen = GatewayStatus(
            version: 1, epoch: 2,
            backends: [
                BackendStatus(name: "a", usable: true, inFlight: 0),
                BackendStatus(name: "b", usable: false, inFlight: 0, lastError: "refused"),
            ])
        #expect(ModelStatus(model: plan.models[0], table: table, gateway: nil).inRotation == 2)
        #expect(ModelStatus(model: plan.models[0], table: table, gateway: seen).inRotation == 1)
    }
}

struct EarlierReleaseTests {
    @Test func `a table of a control plane that knows no slots and no affinity has the defaults`() throws {
        let table = RoutingTable(plan: plan, statuses: [], version: 1, epoch: 2)
        let text = String(decoding: try JSONEncoder().encode(table), as: UTF8.self)
        let earlier = text.replacing("\"affinity\":\"prefix\",", with: "").replacing(
            ",\"affinity\":\"prefix\"", with: "")
        #expect(!earlier.contains("affinity"))
        #expect(try JSONDecoder().decode(RoutingTable.self, from: Data(earlier.utf8)) == table)
    }

    @Test func `slots and affinity get through to the gateway`() throws {
        var changed = plan
        changed.processes[0].slots = 7
        changed.models[0].affinity = .none
        let table = RoutingTable(plan: changed, statuses: [], version: 1, epoch: 2)
        let got = try JSONDecoder().decode(RoutingTable.self, from: JSONEncoder().encode(table))
        #expect(got.backends.map(\.slots) == [7, nil, nil] && got.models.first?.affinity == Affinity.none)
    }

    @Test func `a gateway that says nothing of standing is understood`() throws {
        let json = #"{"name":"a","usable":false,"inFlight":0,"lastError":"refused"}"#
        let status = try JSONDecoder().decode(BackendStatus.self, from: Data(json.utf8))
        #expect(status.state == nil && status.remark == "a: refused")
    }
}

struct RemarkTests {
    @Test(arguments: [
        (BackendStatus(name: "a", usable: true, inFlight: 0, share: 100, panic: false), String?.none),
        (BackendStatus(name: "a", usable: true, inFlight: 0, share: 40), "a: warming up, 40 % of its part"),
        (BackendStatus(name: "a", usable: false, inFlight: 0, lastError: "refused"), "a: refused"),
        (
            BackendStatus(name: "a", usable: false, inFlight: 0, lastError: "ejected", panic: true),
            "a: ejected; panic: asked all the same, nobody else serves"
        ),
    ])
    func `what is not as it should be is one line`(status: BackendStatus, remark: String?) {
        #expect(status.remark == remark)
    }

    @Test func `a model's status has the remarks about its own backends`() {
        let seen = GatewayStatus(
            version: 1, epoch: 2,
            backends: [
                BackendStatus(name: "a", usable: false, inFlight: 0, lastError: "refused"),
                BackendStatus(name: "z", usable: false, inFlight: 0, lastError: "refused"),
            ])
        let table = RoutingTable(plan: plan, statuses: [], version: 1, epoch: 2)
        #expect(ModelStatus(model: plan.models[0], table: table, gateway: seen).remarks == ["a: refused"])
    }
}

struct GatewayWatchTests {
    private let table = RoutingTable(plan: plan, statuses: [status("a", .ready)], version: 5, epoch: 2)

    private func report(version: UInt64, usable: Bool = true) -> GatewayStatus {
        GatewayStatus(
            version: version, epoch: 2,
            backends: [
                BackendStatus(name: "a", usable: usable, inFlight: 0, lastError: usable ? nil : "connection refused")
            ])
    }

    @Test func `a gateway without the table is given it`() {
        var watch = GatewayWatch(wanted: table)
        #expect(watch.handle(.report(report(version: 0))) == [.push(table)])
    }

    @Test func `a gateway that has the table is left in peace`() {
        var watch = GatewayWatch(wanted: table)
        #expect(watch.handle(.report(report(version: 5))) == [])
    }

    @Test func `a new table goes out at once, but only to a gateway that is there`() {
        var watch = GatewayWatch(wanted: table)
        var next = table
        next.version = 6
        #expect(watch.handle(.wants(next)) == [])
        _ = watch.handle(.report(report(version: 6)))
        next.version = 7
        #expect(watch.handle(.wants(next)) == [.push(next)])
    }

    @Test func `a table that was overtaken is forgotten`() {
        var watch = GatewayWatch(wanted: table)
        _ = watch.handle(.report(report(version: 5)))
        var old = table
        old.version = 4
        #expect(watch.handle(.wants(old)) == [])
        #expect(watch.wanted == table)
    }

    @Test func `a gateway of another control plane's table is corrected`() {
        var watch = GatewayWatch(wanted: table)
        var foreign = report(version: 5)
        foreign.epoch = 1
        #expect(watch.handle(.report(foreign)) == [.push(table)])
    }

    @Test func `silence is one event, not one per poll`() {
        var watch = GatewayWatch(wanted: table)
        #expect(watch.handle(.silence("refused")) == [], "a gateway that was never there is not lost")
        _ = watch.handle(.report(report(version: 5)))
        #expect(watch.handle(.silence("refused")).count == 1)
        #expect(watch.handle(.silence("refused")) == [])
        #expect(watch.latest == nil)
    }

    @Test func `the silence of a gateway that was told to end is no news`() {
        var watch = GatewayWatch(wanted: table)
        _ = watch.handle(.report(report(version: 5)))
        #expect(watch.handle(.ending) == [])
        #expect(watch.handle(.silence("refused")) == [])
    }

    @Test func `a backend that the gateway found dead is told once, and its return too`() {
        var watch = GatewayWatch(wanted: table)
        let out = watch.handle(.report(report(version: 5, usable: false)))
        #expect(
            out == [
                .record(
                    .backendOut, .warning, subject: "a",
                    message: "The gateway took it out of rotation: connection refused")
            ])
        #expect(watch.handle(.report(report(version: 5, usable: false))) == [])
        #expect(
            watch.handle(.report(report(version: 5)))
                == [.record(.backendBack, .info, subject: "a", message: "It answers again and is in rotation.")])
    }

    @Test func `the proof goes into the event`() {
        var watch = GatewayWatch(wanted: table)
        var out = report(version: 5, usable: false)
        out.backends[0].proof = ["state: ejected", "bad answers in a row: 5"]
        guard case .record(.backendOut, _, _, _, let evidence)? = watch.handle(.report(out)).first else {
            Issue.record("no event")
            return
        }
        #expect(evidence == ["state: ejected", "bad answers in a row: 5"])
    }

    @Test func `a backend that the table keeps out is not the gateway's news`() {
        var watch = GatewayWatch(wanted: RoutingTable(plan: plan, statuses: [], version: 5, epoch: 2))
        #expect(watch.handle(.report(report(version: 5, usable: false))) == [])
    }
}
