import StokerCore
import Testing

@Suite("A process that is to start")
struct ProcessMachineStartTests {
    @Test("is started once, and is ready when it runs, if nothing is asked of it")
    func plain() {
        var bench = Bench(.plain)
        bench.tell(.begin)
        #expect(bench.actions == ["start 1"])
        #expect(bench.state == .starting)
        bench.started()
        #expect(bench.state == .ready)
        #expect(bench.kinds == [.processStarting, .processReady])
        #expect(bench.machine.report.identity == Bench.identity)
    }

    @Test("leaves nothing to wait for when it runs without probes: an idle process costs nothing")
    func idle() {
        let bench = Bench.started()
        #expect(bench.waits.isEmpty)
        #expect(bench.questions.isEmpty)
    }

    @Test("stays down without autostart until a person starts it")
    func autostart() {
        var plan = ProcessPlan.plain
        plan.autostart = false
        var bench = Bench(plan)
        bench.tell(.begin)
        #expect(bench.state == .stopped)
        #expect(bench.reason == "autostart is off")
        bench.tell(.order(.start))
        #expect(bench.actions == ["start 1"])
    }

    @Test("waits for others first, says for whom, and starts when they are there")
    func waits() {
        var bench = Bench(.plain)
        bench.tell(.blocked(by: ["knowledge is not ready", "cache is not started"]))
        bench.tell(.begin)
        #expect(bench.state == .waiting)
        #expect(bench.reason == "waits: knowledge is not ready, cache is not started")
        bench.tell(.blocked(by: ["cache is not started"]))
        #expect(bench.reason == "waits: cache is not started")
        #expect(bench.actions.isEmpty)
        bench.tell(.blocked(by: []))
        #expect(bench.actions == ["start 1"])
    }

    @Test("does not wait for others again after a crash")
    func crashDoesNotWait() {
        var bench = Bench.started()
        bench.tell(.blocked(by: ["knowledge is not ready"]))
        bench.exited()
        #expect(bench.actions == ["start 1", "start 2"])
    }

    @Test("is ready at its first good startup answer, which counts for readiness too when both ask the same")
    func startupCountsForReadiness() {
        var bench = Bench.started(.probed)
        #expect(bench.state == .starting)
        bench.pass(.milliseconds(50))
        bench.answer(.startup, .connect("refused"))
        #expect(bench.state == .starting)
        bench.pass(.milliseconds(50))
        bench.answer(.startup)
        #expect(bench.state == .ready)
        #expect(bench.questions.isEmpty)
        #expect(bench.machine.report.lastStart == .milliseconds(100))
        #expect(bench.records.last?.message == "ready 100 ms after its start")
        #expect(bench.records.last?.evidence == ["GET http://engine/health: passed in 3 ms"])
    }

    @Test("is not ready before its own readiness question is answered, when that is another one")
    func ownReadiness() {
        var plan = ProcessPlan.probed
        plan.probes.readiness = .of("http://engine/ready")
        var bench = Bench.started(plan)
        bench.pass(.milliseconds(50))
        bench.answer(.startup)
        #expect(bench.state == .starting)
        bench.answer(.readiness)
        #expect(bench.state == .ready)
    }

    @Test("needs as many good answers in a row as its threshold says")
    func threshold() {
        var plan = ProcessPlan.probed
        plan.probes.startup?.successThreshold = 2
        var bench = Bench.started(plan)
        for failure in [nil, .status(503), nil] as [ProbeResult.Failure?] {
            bench.pass(.milliseconds(50))
            bench.answer(.startup, failure)
        }
        #expect(bench.state == .starting)
        bench.pass(.milliseconds(50))
        bench.answer(.startup)
        #expect(bench.state == .ready)
    }

    @Test("is asked often at first and ever less, never more than a fraction of the time that has passed")
    func startupPace() {
        var bench = Bench.started(.probed)
        var asked: [Duration] = []
        while bench.now < .seconds(15) {
            if !bench.questions.isEmpty { asked.append(bench.now) }
            bench.answer(.startup, .connect("refused"))
            bench.pass(.milliseconds(1))
        }
        #expect(asked.first.map { $0 < .milliseconds(25) } == true)
        #expect(asked.count { $0 < .seconds(1) } > 10)
        #expect(asked.count < 60)
        let gaps = zip(asked, asked.dropFirst()).map { ($0, $1 - $0) }
        #expect(gaps.allSatisfy { $1 <= max(.milliseconds(25), $0 / 6) && $1 <= .milliseconds(1105) })
    }

    @Test("has failed to start when it is not ready in time: SIGTERM, SIGKILL after the grace, then another try")
    func neverReady() {
        var bench = Bench.started(.probed)
        bench.pass(.milliseconds(19_990), answering: .startup, .status(503))
        #expect(bench.actions == ["start 1"])
        bench.pass(.milliseconds(20), answering: .startup, .status(503))
        #expect(bench.actions == ["start 1", "terminate 1"])
        #expect(bench.kinds.contains(.processStartFailed))
        let evidence = bench.records.first { $0.kind == .processStartFailed }?.evidence.first ?? ""
        #expect(evidence.hasPrefix("GET http://engine/health: HTTP 503 ("))
        bench.pass(.seconds(31))
        #expect(bench.actions.last == "kill 1")
        bench.exited(.signal(9, dumpedCore: false))
        #expect(bench.actions.last == "start 2")
        #expect(bench.restarts == [.start])
        #expect(bench.reason == "being started")
    }

    @Test("is tried again when the host cannot start it, later and later")
    func startFailed() {
        var bench = Bench(.plain)
        bench.tell(.begin)
        bench.tell(.startFailed(1, "/opt/engine: No such file or directory"))
        #expect(bench.actions == ["start 1", "start 2"])
        bench.tell(.startFailed(2, "/opt/engine: No such file or directory"))
        #expect(bench.state == .backoff)
        #expect(bench.reason.hasSuffix("could not be started: /opt/engine: No such file or directory"))
        #expect(bench.restarts == [.start])
        bench.pass(.milliseconds(50))
        #expect(bench.actions.last == "start 3")
    }

    @Test("is given up on when the host says nothing at all, but no second one is started beside it")
    func silentHost() {
        var bench = Bench(.probed)
        bench.tell(.begin)
        bench.pass(.seconds(20))
        #expect(bench.state == .stopping)
        #expect(bench.actions == ["start 1"])
        bench.pass(.seconds(30))
        #expect(bench.actions == ["start 1", "kill 1"])
        bench.pass(.seconds(600))
        #expect(!bench.actions.contains("start 2"))
    }
}
