import StokerCore
import Testing

@Suite("A restart that the host makes by itself")
struct ProcessMachineSuccessionTests {
    @Test("is granted once the process is ready, for the generation that follows")
    func granted() {
        var bench = Bench.started(.probed)
        #expect(bench.granted == nil)
        bench.pass(.milliseconds(100))
        bench.answer(.startup)
        #expect(bench.state == .ready)
        #expect(bench.granted == 2)
    }

    @Test("is taken down as an end and a restart, in order, without an order to start")
    func booked() {
        var bench = Bench.started()
        bench.pass(.seconds(12))
        bench.succeeded(.signal(9, dumpedCore: false))
        #expect(bench.state == .starting)
        bench.started()
        #expect(bench.state == .ready)
        #expect(bench.actions == ["start 1"])
        #expect(bench.kinds == [.processStarting, .processReady, .processExited, .processRestarting, .processReady])
        #expect(
            bench.records.map(\.message)[2...3] == [
                "killed by SIGKILL, 12 s after its start", "restarted at once by its shim: killed by SIGKILL",
            ])
        #expect(bench.restarts == [.signal])
        #expect(bench.machine.restarts == 1)
        #expect(bench.machine.report.lastExit?.status == .signal(9, dumpedCore: false))
    }

    @Test("is granted again only after a stable run")
    func onceUntilStable() {
        var bench = Bench.started()
        bench.succeeded()
        bench.started()
        #expect(bench.granted == nil)
        bench.pass(.seconds(59))
        #expect(bench.granted == nil)
        bench.pass(.seconds(1))
        #expect(bench.granted == 3)
    }

    @Test("counts as a start of a crash loop")
    func givesUp() {
        var bench = Bench.started(.impatient)
        #expect(bench.granted == 2)
        bench.succeeded()
        bench.started()
        bench.pass(.seconds(61))
        #expect(bench.granted == nil, "the next end gives up")
        bench.exited()
        #expect(bench.state == .failed)
    }

    @Test("whose start fails is tried again by the rules")
    func startFails() {
        var bench = Bench.started()
        bench.succeeded()
        bench.tell(.startFailed(2, "no such file"))
        #expect(bench.state == .backoff)
        #expect(bench.kinds.last == .processRestarting)
    }

    @Test("is not granted to one that should end, has lost its shim or is only watched")
    func notGranted() {
        var last = Bench.started()
        last.tell(.lastRun("the control plane ends"))
        #expect(last.granted == nil)
        var orphan = Bench.started()
        orphan.tell(.shimLost(1, "the socket closed"))
        #expect(orphan.granted == nil)
        var watching = Bench(.attached)
        watching.tell(.begin)
        watching.answer(.readiness)
        #expect(watching.granted == nil)
    }

    @Test("goes by the plan that holds")
    func revised() {
        var bench = Bench.started()
        var plan = ProcessPlan.plain
        plan.log.maxSize = ByteSize(bytes: 1 << 20)
        let effects = bench.tell(.revised(plan, blockedBy: []))
        #expect(effects == [.revoke, .grant(generation: 2)])
        plan.restart.giveUpStarts = 1
        bench.tell(.revised(plan, blockedBy: []))
        #expect(bench.granted == nil)
    }

    @Test("that crosses an order to stop is stopped itself, as soon as it has started")
    func crossesStop() {
        var bench = Bench.started()
        bench.tell(.order(.stop))
        bench.succeeded()
        #expect(bench.state == .stopping)
        bench.started()
        #expect(bench.actions == ["start 1", "terminate 1", "terminate 2"])
        bench.exited(.signal(15, dumpedCore: false))
        #expect(bench.state == .stopped)
        #expect(bench.restarts.isEmpty)
        #expect(bench.machine.report.lastExit?.status == .signal(15, dumpedCore: false))
    }

    @Test("that crosses SIGKILL is given its own grace")
    func crossesKill() {
        var bench = Bench.started()
        bench.tell(.order(.stop))
        bench.pass(.seconds(31))
        #expect(bench.actions.last == "kill 1")
        bench.succeeded()
        bench.started()
        #expect(bench.actions.last == "terminate 2")
        bench.pass(.seconds(31))
        #expect(bench.actions.last == "kill 2")
    }

    @Test("that crosses a restart makes room for the fresh one")
    func crossesRestart() {
        var bench = Bench.started()
        bench.tell(.order(.restart))
        bench.succeeded()
        bench.started()
        bench.exited(.signal(15, dumpedCore: false))
        #expect(bench.actions == ["start 1", "terminate 1", "terminate 2", "start 3"])
        #expect(bench.restarts == [.manual])
    }

    @Test("that crosses the last run is stopped")
    func crossesLastRun() {
        var bench = Bench.started()
        bench.tell(.lastRun("the control plane ends"))
        bench.succeeded()
        bench.started()
        bench.exited(.signal(15, dumpedCore: false))
        #expect(bench.actions == ["start 1", "terminate 2"])
        #expect(bench.state == .stopped)
    }

    @Test("that crosses an order and fails to start leaves nothing to stop")
    func crossesAndFails() {
        var bench = Bench.started()
        bench.tell(.order(.stop))
        bench.succeeded()
        bench.tell(.startFailed(2, "no such file"))
        #expect(bench.state == .stopped)
        #expect(bench.actions == ["start 1", "terminate 1"])
    }
}
