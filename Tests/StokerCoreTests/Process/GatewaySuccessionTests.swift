import StokerCore
import Testing

@Suite("The replacement of the gateway")
struct GatewaySuccessionTests {
    private static func recipe(threads: Int = 0, listen: UInt16 = 8080, maxBody: Int64 = 8) -> GatewaySuccession.Recipe
    {
        let gateway = GatewayPlan(
            listen: Endpoint(host: "127.0.0.1", port: listen), maxBody: .mebibytes(maxBody), threads: threads)
        return .init(
            plan: Plan(
                stateDirectory: "/s", runtimeDirectory: "/r", gateway: gateway, adminListen: nil,
                events: EventRetention(), processes: [], models: [], digest: "d"),
            program: "/usr/bin/stoker", environment: [:])
    }

    private static func status(
        _ name: String, _ state: ProcessStatus.State, pid: Int32 = 1, reason: String = ""
    ) -> ProcessStatus {
        ProcessStatus(
            name: name, kind: .gateway, engine: nil, state: state, since: Timestamp(milliseconds: 0), reason: reason,
            pid: pid)
    }

    private var succession = GatewaySuccession(Self.recipe())

    private var names: [String] { succession.wanted.map(\.name) }

    private static func kinds(_ effects: [GatewaySuccession.Effect]) -> [Event.Kind] {
        effects.compactMap { effect in
            guard case .record(let kind, _, _, _) = effect else { return nil }
            return kind
        }
    }

    @Test("starts the next beside the one that serves, under another name and on another socket")
    mutating func begins() {
        #expect(names == ["gateway"])
        let effects = succession.handle(.replace)
        #expect(Self.kinds(effects) == [.gatewayReplacing])
        #expect(effects.last == .apply)
        #expect(names == ["gateway", "gateway~2"])
        #expect(succession.name == "gateway")
        #expect(succession.wanted.map { $0.command?[3] } == ["/r/gateway.sock", "/r/gateway~2.sock"])
    }

    @Test("does not repeat the start of the next, and asks only its own socket whether it serves")
    mutating func startsOnce() {
        _ = succession.handle(.replace)
        #expect(succession.wanted.map(\.restart.giveUpStarts) == [.max, 1])
        let probes = succession.wanted[1].probes
        #expect(probes.startup?.target == .socket(path: "/r/gateway~2.sock", question: "/ready"))
        #expect(probes.readiness == nil && probes.liveness == nil)
    }

    @Test("hands over when the next is ready, and then wants the old one no more")
    mutating func handsOver() {
        _ = succession.handle(.replace)
        #expect(succession.handle(.seen([Self.status("gateway", .ready)])).isEmpty)
        #expect(
            succession.handle(.seen([Self.status("gateway", .ready), Self.status("gateway~2", .starting)])).isEmpty)
        let effects = succession.handle(
            .seen([Self.status("gateway", .ready, pid: 7), Self.status("gateway~2", .ready, pid: 8)]))
        #expect(Self.kinds(effects) == [.gatewayReplaced])
        #expect(names == ["gateway~2"])
        #expect(succession.wanted[0].restart.giveUpStarts == .max)
        #expect(succession.wanted[0].probes.readiness?.target == .http(url: "http://127.0.0.1:8080/health"))
    }

    @Test("takes the first seat that is free, and none that is being left")
    mutating func seats() {
        var living = [Self.status("gateway", .ready)]
        for seat in 2...4 {
            _ = succession.handle(.replace)
            living.append(Self.status("gateway~\(seat)", .ready))
            _ = succession.handle(.seen(living))
            #expect(names == ["gateway~\(seat)"])
        }
        living.remove(at: 1)
        _ = succession.handle(.seen(living))
        _ = succession.handle(.replace)
        #expect(names == ["gateway~4", "gateway~2"])
    }

    @Test("begins with no process of its own name, when there are too many of them")
    mutating func crowded() {
        let living = (1...ProcessPlan.mostGateways).map { seat in
            Self.status(ProcessPlan.gatewayName(seat: seat), seat == 1 ? .ready : .draining)
        }
        _ = succession.handle(.seen(living))
        #expect(!succession.hasRoom)
        #expect(Self.kinds(succession.handle(.replace)) == [.gatewayKept])
        #expect(names == ["gateway"])
    }

    @Test("goes on with the old one when the next does not come up", arguments: [ProcessStatus.State.failed, .stopped])
    mutating func keeps(end: ProcessStatus.State) {
        _ = succession.handle(.replace)
        _ = succession.handle(.seen([Self.status("gateway", .ready), Self.status("gateway~2", .starting)]))
        let effects = succession.handle(
            .seen([Self.status("gateway", .ready), Self.status("gateway~2", end, reason: "no such file")]))
        #expect(Self.kinds(effects) == [.gatewayKept])
        #expect(names == ["gateway"])
        #expect(succession.failure?.contains("(attempt 1) did not come up, this one serves on: no such file") == true)
        _ = succession.handle(.replace)
        #expect(succession.failure == nil)
    }

    @Test("believes nothing that was said of a seat before its process was started")
    mutating func staleSeat() {
        _ = succession.handle(.replace)
        #expect(
            succession.handle(.seen([Self.status("gateway", .ready), Self.status("gateway~2", .stopped)])).isEmpty)
        #expect(names.count == 2)
    }

    @Test("is not begun twice at a time")
    mutating func once() {
        _ = succession.handle(.replace)
        #expect(succession.handle(.replace).isEmpty)
        #expect(names.count == 2)
    }

    @Test("follows from a plan that only a new process can take up, and from no other")
    mutating func reload() {
        #expect(succession.handle(.revised(Self.recipe(maxBody: 1))) == [.apply])
        #expect(names == ["gateway"])
        #expect(Self.kinds(succession.handle(.revised(Self.recipe(threads: 3)))) == [.gatewayReplacing])
        #expect(succession.wanted[0].command?.contains("--threads") == false)
        #expect(succession.wanted[1].command?.suffix(2) == ["--threads", "3"])
    }

    @Test("starts a better next when the plan changes again meanwhile, and none when it changes back")
    mutating func reloadTwice() {
        _ = succession.handle(.revised(Self.recipe(threads: 3)))
        _ = succession.handle(.seen([Self.status("gateway", .ready), Self.status("gateway~2", .starting)]))
        _ = succession.handle(.revised(Self.recipe(threads: 4)))
        #expect(succession.wanted.last?.command?.suffix(2) == ["--threads", "4"])
        #expect(names == ["gateway", "gateway~3"])
        _ = succession.handle(.revised(Self.recipe()))
        #expect(names == ["gateway"])
    }

    @Test("is not undone by a reload that has nothing to do with it")
    mutating func reloadWhileReplacing() {
        _ = succession.handle(.replace)
        _ = succession.handle(.revised(Self.recipe(maxBody: 1)))
        #expect(names == ["gateway", "gateway~2"])
    }

    @Test("is not begun for a gateway that a person has stopped")
    mutating func reloadWhileStopped() {
        _ = succession.handle(.seen([Self.status("gateway", .stopped)]))
        #expect(succession.handle(.revised(Self.recipe(threads: 3))) == [.apply])
        #expect(names == ["gateway"])
        #expect(succession.wanted[0].command?.suffix(2) == ["--threads", "3"])
    }

    @Test("is called off when the gateway is to end")
    mutating func ending() {
        _ = succession.handle(.replace)
        #expect(succession.handle(.ending) == [.apply])
        #expect(names == ["gateway"])
        #expect(succession.handle(.ending).isEmpty)
    }

    @Test("leaves people the name gateway for whoever serves")
    mutating func publicNames() {
        _ = succession.handle(.replace)
        #expect(succession.publicName(of: "gateway~2") == "gateway~2")
        _ = succession.handle(.seen([Self.status("gateway", .ready), Self.status("gateway~2", .ready)]))
        #expect(succession.publicName(of: "gateway~2") == "gateway")
        #expect(succession.publicName(of: "gateway") == "gateway~1")
        #expect(succession.publicName(of: "engine") == "engine")
        for name in ["gateway", "gateway~2", "engine"] {
            #expect(succession.process(named: succession.publicName(of: name)) == name)
        }
    }
}
