import StokerCore
import Testing

@Suite("A process whose plan changes")
struct ProcessMachinePlanTests {
    static let changed: ProcessPlan = {
        var plan = ProcessPlan.probed
        plan.command = ["/opt/engine", "--faster"]
        return plan
    }()

    @Test(
        "restarts when it would start differently",
        arguments: [
            { $0.command = ["/opt/other"] }, { $0.directory = "/srv" }, { $0.environment["A"] = "b" },
            { $0.limits.openFiles = 4096 },
        ] as [@Sendable (inout ProcessPlan) -> Void])
    func restarts(change: @Sendable (inout ProcessPlan) -> Void) {
        var bench = Bench.ready()
        var plan = ProcessPlan.probed
        change(&plan)
        bench.tell(.revised(plan, blockedBy: []))
        #expect(bench.actions == ["start 1", "terminate 1"])
        bench.exited(.signal(15, dumpedCore: false))
        #expect(bench.actions.last == "start 2")
        #expect(bench.restarts == [.config])
        #expect(bench.machine.plan == plan)
    }

    @Test(
        "runs on undisturbed when it would start the same",
        arguments: [
            { $0.restart.maxDelay = .seconds(5) }, { $0.stop.grace = .seconds(1) }, { $0.log.maxSize = .mebibytes(1) },
            { $0.startAfter = ["knowledge": .ready] }, { $0.autostart = false },
            { $0.probes.readiness?.interval = .seconds(9) }, { $0.probes.liveness = nil },
        ] as [@Sendable (inout ProcessPlan) -> Void])
    func runsOn(change: @Sendable (inout ProcessPlan) -> Void) {
        var bench = Bench.ready()
        var plan = ProcessPlan.probed
        change(&plan)
        bench.tell(.revised(plan, blockedBy: ["knowledge is not ready"]))
        #expect(bench.state == .ready)
        #expect(bench.actions == ["start 1"])
        #expect(bench.machine.plan == plan)
    }

    @Test("is asked by the new probes from now on, and what was on its way is not asked twice")
    func newProbes() {
        var bench = Bench.ready()
        bench.pass(.seconds(2))
        #expect(bench.questions.count == 2)
        var plan = ProcessPlan.probed
        plan.probes.readiness = .of("http://engine/other")
        bench.tell(.revised(plan, blockedBy: []))
        #expect(bench.questions.count == 2)
        // An answer to the old question says nothing about the new one.
        bench.answer(.readiness, .status(404))
        bench.pass(.seconds(2))
        bench.answer(.readiness, .status(404))
        #expect(bench.state == .ready)
        bench.pass(.seconds(2))
        bench.answer(.readiness, .status(404))
        #expect(bench.state == .unready)
        #expect(bench.reason.contains("http://engine/other"))
    }

    @Test("is ready when its readiness probe goes away")
    func probeGone() {
        var bench = Bench.ready()
        bench.pass(.seconds(4), answering: .readiness, .status(503))
        var plan = ProcessPlan.probed
        plan.probes.readiness = nil
        bench.tell(.revised(plan, blockedBy: []))
        #expect(bench.state == .ready)
    }

    @Test("is started up when its startup probe goes away")
    func startupGone() {
        var bench = Bench.started(.probed)
        bench.tell(.revised(.plain, blockedBy: []))
        #expect(bench.state == .ready)
        #expect(bench.waits.isEmpty)
    }

    @Test("is tried again when it had failed, whatever changed")
    func failed() {
        var bench = Bench.started(.impatient)
        bench.exited()
        bench.exited()
        #expect(bench.state == .failed)
        bench.tell(.revised(.impatient, blockedBy: []))
        #expect(bench.state == .failed)
        bench.tell(.revised(.plain, blockedBy: []))
        #expect(bench.state == .starting)
    }

    @Test("starts by its new plan when it had waited for others")
    func waiting() {
        var bench = Bench(.probed)
        bench.tell(.blocked(by: ["knowledge is not ready"]))
        bench.tell(.begin)
        bench.tell(.revised(Self.changed, blockedBy: []))
        #expect(bench.actions == ["start 1"])
        #expect(bench.machine.plan == Self.changed)
        #expect(bench.restarts.isEmpty)
    }

    @Test("starts by its new plan after an end that was under way")
    func stopping() {
        var bench = Bench.ready()
        bench.pass(.seconds(3), answering: .liveness, .status(500))
        bench.tell(.revised(Self.changed, blockedBy: []))
        bench.exited()
        #expect(bench.actions == ["start 1", "terminate 1", "start 2"])
        #expect(bench.restarts == [.config])
    }

    @Test("waits for others before it starts by its new plan")
    func waitsAfterChange() {
        var bench = Bench.ready()
        bench.tell(.revised(Self.changed, blockedBy: ["knowledge is not ready"]))
        bench.exited()
        #expect(bench.state == .waiting)
    }

    @Test("stays down when a person had stopped it")
    func stopped() {
        var bench = Bench.ready()
        bench.tell(.order(.stop))
        bench.exited()
        bench.tell(.revised(Self.changed, blockedBy: []))
        #expect(bench.state == .stopped)
    }

    @Test("starts when it learns to start by itself")
    func autostart() {
        var plan = ProcessPlan.plain
        plan.autostart = false
        var bench = Bench(plan)
        bench.tell(.begin)
        bench.tell(.revised(.plain, blockedBy: []))
        #expect(bench.actions == ["start 1"])
    }

    @Test("comes back when it is put into the plan again while it goes")
    func putBack() {
        var bench = Bench.ready()
        bench.tell(.retire("it has left the plan"))
        bench.tell(.revised(.probed, blockedBy: []))
        bench.tell(.begin)
        bench.exited()
        #expect(bench.actions == ["start 1", "terminate 1", "start 2"])
    }
}
