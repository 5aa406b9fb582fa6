import StokerCore
import Testing

struct StandbyPromotionTests {
    @Test func `nothing is started while a backend serves`() {
        var stage = StandbyStage()
        stage.killAll(["a"])
        stage.pass(.seconds(3600))
        #expect(stage.orders() == [])
    }

    @Test func `a cold standby is started when nobody has served for the grace`() {
        var stage = StandbyStage()
        stage.killAll()
        stage.pass(StandbyMachine.grace - .milliseconds(1))
        #expect(stage.orders() == [])
        stage.pass(.milliseconds(1))
        #expect(stage.orders() == [.start("c")])
        #expect(stage.records == [.standbyPromoted])
    }

    @Test func `the record of a promotion says how each backend stands`() {
        var stage = StandbyStage()
        stage.killAll()
        stage.pass(.seconds(1))
        guard case .record(let severity, _, let subject, _, let evidence) = stage.lastRecord else {
            Issue.record("no record")
            return
        }
        #expect(severity == .warning && subject == "c")
        #expect(
            evidence == ["model: m", "a: starting: why", "b: starting: why", "its last load took: not known yet"])
    }

    @Test func `a restart within the grace starts nothing`() {
        var stage = StandbyStage()
        stage.killAll()
        stage.pass(.milliseconds(400))
        stage.set("a", .ready)
        stage.pass(.seconds(60))
        #expect(stage.orders() == [])
    }

    @Test(arguments: [ProcessStatus.State.failed, .backoff])
    func `no grace is given to backends whose restart has failed already`(state: ProcessStatus.State) {
        var stage = StandbyStage()
        stage.set("a", state, restarts: 1)
        stage.set("b", .starting, restarts: 2)
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `no grace is given to backends that take longer than it to load`() {
        var stage = StandbyStage()
        for (name, load) in [("a", 60.0), ("b", 0.6)] {
            stage.change(name) { $0.lastStartSeconds = load }
        }
        stage.killAll()
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `the grace is kept where one backend may be back within it`() {
        var stage = StandbyStage()
        for (name, load) in [("a", 60.0), ("b", 0.3)] {
            stage.change(name) { $0.lastStartSeconds = load }
        }
        stage.killAll()
        #expect(stage.orders() == [])
    }

    @Test func `backends that load for the first time are waited for`() {
        var stage = StandbyStage()
        stage.machine = StandbyMachine(StandbyPlan(standbyPlan()))
        stage.change("b") { $0.state = .waiting }
        stage.set("a", .starting)
        stage.pass(.seconds(600))
        #expect(stage.orders() == [])
        stage.set("a", .failed)
        stage.set("b", .failed)
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `backends that nobody has started yet need no standby`() {
        var stage = StandbyStage()
        stage.machine = StandbyMachine(StandbyPlan(standbyPlan()))
        for name in ["a", "b"] { stage.change(name) { $0.state = .stopped } }
        stage.pass(.seconds(600))
        #expect(stage.orders() == [])
    }

    @Test func `an attached backend that never answers is not waited for`() {
        var stage = StandbyStage()
        var plan = standbyPlan(backends: ["a"])
        plan.processes[0].command = nil
        stage.machine = StandbyMachine(StandbyPlan(plan))
        stage.processes.removeAll { $0.name == "b" }
        stage.set("a", .starting)
        stage.pass(.seconds(4))
        #expect(stage.orders() == [])
        stage.pass(.seconds(2))
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `backends that a person has stopped are stood in for`() {
        var stage = StandbyStage()
        for name in ["a", "b"] { stage.set(name, .stopped) }
        stage.pass(.seconds(1))
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `a backend that only the gateway cannot reach has three reports to come back`() {
        var stage = StandbyStage()
        stage.gateway = report(["a": false, "b": false])
        stage.look()
        stage.pass(.milliseconds(1400))
        #expect(stage.orders() == [])
        stage.pass(.milliseconds(100))
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `a warm standby of this site keeps the cold one at rest`() {
        var stage = StandbyStage(cold: ["c"], warm: ["w"])
        stage.killAll()
        stage.pass(.seconds(600))
        #expect(stage.orders() == [])
        stage.killAll(["w"])
        stage.pass(.seconds(1))
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `another site serves meanwhile and does not replace the cold one`() {
        var stage = StandbyStage(away: ["far"])
        stage.killAll()
        stage.pass(.seconds(1))
        #expect(stage.orders() == [.start("c")])
        #expect(stage.standby("far")?.servingSince != nil)
        stage.set("c", .ready)
        #expect(stage.standby("far")?.servingSince == nil)
        #expect(stage.standby("c")?.servingSince != nil)
    }

    @Test func `it is started once, and again only when the order shows no effect`() {
        var stage = StandbyStage()
        stage.killAll()
        stage.pass(.seconds(4))
        #expect(stage.orders() == [.start("c")])
        stage.pass(.seconds(2))
        #expect(stage.orders() == [.start("c")])
        stage.set("c", .starting)
        stage.pass(.seconds(600))
        #expect(stage.orders() == [])
    }

    @Test func `that it serves is recorded with the time it took`() {
        var stage = StandbyStage()
        stage.killAll()
        stage.pass(.milliseconds(500))
        stage.set("c", .starting)
        stage.pass(.seconds(30))
        stage.set("c", .ready)
        guard case .record(.info, .standbyReady, "c", _, let evidence) = stage.lastRecord else {
            Issue.record("no record")
            return
        }
        #expect(evidence == ["from the order to serving: 30 s"])
    }

    @Test func `a plan without standbys asks for nothing`() {
        var stage = StandbyStage(cold: [])
        stage.killAll()
        stage.pass(.seconds(60))
        #expect(stage.orders() == [] && stage.records == [])
    }

    @Test func `one standby of two models is started by either`() {
        var plan = standbyPlan(backends: ["a"])
        plan.processes.append(
            ProcessPlan(
                name: "b", kind: .inference, engine: .vllm, command: ["x"],
                endpoint: BackendAddress(host: "127.0.0.1", port: 9001)))
        plan.models.append(ModelPlan(name: "n", backends: ["b"], standby: ["c"]))
        var stage = StandbyStage()
        stage.machine = StandbyMachine(StandbyPlan(plan))
        stage.look()
        stage.killAll(["b"])
        stage.pass(.seconds(1))
        #expect(stage.orders() == [.start("c")])
        stage.set("c", .ready)
        // The other model's backends are whole all the time: both must be, before it goes.
        stage.pass(.seconds(3600))
        #expect(stage.orders() == [])
    }

    private func report(_ usable: [String: Bool]) -> GatewayStatus {
        GatewayStatus(
            version: 1, epoch: 1,
            backends: usable.map { BackendStatus(name: $0.key, usable: $0.value, inFlight: 0) })
    }
}
