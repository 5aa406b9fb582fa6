import StokerCore
import Testing

@Suite("A process that is to stop")
struct ProcessMachineStopTests {
    @Test("gets SIGTERM, and nothing more when it ends within its grace")
    func obeys() {
        var bench = Bench.ready()
        bench.tell(.order(.stop))
        #expect(bench.state == .stopping)
        #expect(bench.reason == "stopping: stopped by order")
        bench.pass(.seconds(29))
        bench.exited(.signal(15, dumpedCore: false))
        #expect(bench.state == .stopped)
        #expect(bench.actions == ["start 1", "terminate 1"])
        #expect(bench.waits.isEmpty)
        #expect(bench.kinds.suffix(2) == [.processStopping, .processStopped])
    }

    @Test("gets SIGKILL when its grace is over, and not a moment earlier")
    func ignoresSIGTERM() {
        var bench = Bench.ready()
        bench.tell(.order(.stop))
        bench.pass(.milliseconds(29_999))
        #expect(bench.actions == ["start 1", "terminate 1"])
        bench.pass(.milliseconds(1))
        #expect(bench.actions == ["start 1", "terminate 1", "kill 1"])
        #expect(bench.records.last?.message == "did not end within its grace of 30 s: SIGKILL")
        bench.exited(.signal(9, dumpedCore: false))
        #expect(bench.state == .stopped)
        #expect(bench.reason == "killed by SIGKILL by order")
    }

    @Test("is reported when even SIGKILL has no effect, and nothing is started beside it")
    func uninterruptible() {
        var bench = Bench.ready()
        bench.tell(.order(.restart))
        bench.pass(.seconds(61))
        #expect(bench.state == .stopping)
        #expect(bench.records.last?.severity == .error)
        #expect(bench.reason == "SIGKILL has had no effect for 30 s: the kernel holds it")
        #expect(bench.records.last?.evidence == ["see the State line of /proc/4711/status: D waits for a device"])
        #expect(!bench.actions.contains("start 2"))
        bench.exited(.signal(9, dumpedCore: false))
        #expect(bench.actions.last == "start 2")
    }

    @Test("gets its SIGTERM once it runs, when the order comes before the host has started it")
    func stopBeforeStarted() {
        var bench = Bench(.plain)
        bench.tell(.begin)
        bench.tell(.order(.stop))
        #expect(bench.actions == ["start 1"])
        bench.pass(.seconds(10))
        bench.started()
        #expect(bench.actions == ["start 1", "terminate 1"])
        bench.pass(.milliseconds(29_999))
        #expect(bench.actions.count == 2)
        bench.exited()
        #expect(bench.state == .stopped)
    }

    @Test("is at rest when the host cannot start it after the order to stop")
    func stopThenStartFails() {
        var bench = Bench(.plain)
        bench.tell(.begin)
        bench.tell(.order(.stop))
        bench.tell(.startFailed(1, "Exec format error"))
        #expect(bench.state == .stopped)
        #expect(bench.waits.isEmpty)
    }

    @Test("is killed as soon as it appears when its grace was over before the host started it")
    func killedBeforeStarted() {
        var bench = Bench(.plain)
        bench.tell(.begin)
        bench.tell(.order(.stop))
        bench.pass(.seconds(30))
        bench.started()
        #expect(bench.actions == ["start 1", "kill 1", "kill 1"])
    }

    @Test("starts again after its end when a person changes their mind meanwhile")
    func startWhileStopping() {
        var bench = Bench.ready()
        bench.tell(.order(.stop))
        bench.tell(.order(.start))
        #expect(bench.actions == ["start 1", "terminate 1"])
        bench.exited()
        #expect(bench.actions.last == "start 2")
        #expect(bench.restarts.isEmpty)
    }

    @Test("stays down after its end when the last word was stop")
    func stopWhileRestarting() {
        var bench = Bench.ready()
        bench.tell(.order(.restart))
        bench.tell(.order(.stop))
        bench.exited()
        #expect(bench.state == .stopped)
    }

    @Test("is restarted by order at once and without counting as a crash")
    func restartByOrder() {
        var bench = Bench.ready(.impatient)
        for _ in 1...5 {
            bench.tell(.order(.restart))
            bench.exited(.signal(15, dumpedCore: false))
            bench.started()
        }
        #expect(bench.state == .ready)
        #expect(bench.restarts == Array(repeating: .manual, count: 5))
    }

    @Test("is simply started by the order to restart when it does not run")
    func restartStopped() {
        var bench = Bench(.plain)
        bench.tell(.order(.restart))
        #expect(bench.actions == ["start 1"])
        #expect(bench.restarts.isEmpty)
    }

    @Test("is not started again after its last run, however that ends")
    func lastRun() {
        var bench = Bench.ready()
        bench.tell(.lastRun("the control plane ends"))
        #expect(bench.state == .ready)
        bench.exited()
        #expect(bench.state == .stopped)
        #expect(bench.actions == ["start 1"])
    }

    @Test("rests at once when its last run is over already")
    func lastRunInBackoff() {
        var bench = Bench.started()
        bench.exited()
        bench.exited()
        bench.tell(.lastRun("the control plane ends"))
        #expect(bench.state == .stopped)
        #expect(bench.waits.isEmpty)
    }
}
