import StokerCore
import Testing

@Suite("A process that ends unasked")
struct ProcessMachineRestartTests {
    @Test("is restarted at once the first time, with the reason in words")
    func firstAtOnce() {
        var bench = Bench.started()
        bench.pass(.seconds(12))
        bench.exited(.code(3))
        #expect(bench.actions == ["start 1", "start 2"])
        #expect(
            bench.records.map(\.message).suffix(2) == [
                "exited with code 3, 12 s after its start", "restarting at once: exited with code 3",
            ])
        #expect(bench.restarts == [.exit])
        #expect(bench.machine.restarts == 1)
    }

    @Test("waits longer and longer, within bounds that double up to the maximum")
    func backoff() {
        var plan = ProcessPlan.plain
        plan.restart = RestartPolicy(
            initialDelay: .milliseconds(100), maxDelay: .seconds(1), giveUpStarts: 100, giveUpWithin: .seconds(60))
        var bench = Bench.started(plan)
        bench.exited()
        for bound in [100, 200, 400, 800, 1000, 1000, 1000] as [Int64] {
            bench.started()
            bench.exited()
            let delay = bench.waits.first.map { $0.deadline - bench.now } ?? .seconds(-1)
            #expect(bench.state == .backoff)
            #expect((.zero ... .milliseconds(bound)).contains(delay))
            bench.pass(.milliseconds(bound))
            #expect(bench.state == .starting)
        }
    }

    @Test("is restarted at once again after a stable run")
    func stableRunResets() {
        var bench = Bench.started()
        bench.exited()
        bench.started()
        bench.pass(.seconds(60))
        bench.exited()
        #expect(bench.actions == ["start 1", "start 2", "start 3"])
    }

    @Test("is not stable before it has been ready that long, however long it loaded")
    func loadingIsNotStable() {
        var plan = ProcessPlan.probed
        plan.probes.startTimeout = .seconds(900)
        var bench = Bench.started(plan)
        bench.exited()
        bench.started()
        bench.pass(.seconds(100), answering: .startup, .status(503))
        bench.exited()
        #expect(bench.state == .backoff)
    }

    @Test("is given up on after so many starts, loudly, with the last ends as evidence")
    func givesUp() {
        var plan = ProcessPlan.plain
        plan.restart.giveUpStarts = 3
        var bench = Bench.started(plan)
        for code in 1...3 as ClosedRange<Int32> {
            bench.pass(.milliseconds(200))
            bench.started()
            bench.exited(.code(code))
        }
        #expect(bench.state == .failed)
        #expect(bench.reason == "gave up after 3 starts within 10 min: exited with code 3")
        #expect(bench.records.last?.severity == .error)
        #expect(bench.records.last?.kind == .processGaveUp)
        #expect(bench.records.last?.evidence.count == 3)
        #expect(bench.records.last?.evidence.last?.hasPrefix("start 3: exited with code 3, ") == true)
        bench.pass(.seconds(3600))
        #expect(bench.actions.count == 3)
        #expect(bench.waits.isEmpty)
    }

    @Test("is not given up on when its starts are further apart")
    func slowCrashLoop() {
        var plan = ProcessPlan.plain
        plan.restart.giveUpStarts = 3
        plan.restart.giveUpWithin = .seconds(100)
        var bench = Bench.started(plan)
        for _ in 1...20 {
            bench.pass(.seconds(55))
            bench.started()
            bench.exited()
        }
        #expect(bench.state != .failed)
    }

    @Test("runs again after it was given up on when a person says so", arguments: [ProcessOrder.start, .restart])
    func personActs(order: ProcessOrder) {
        var bench = Bench.started(.impatient)
        bench.exited()
        bench.exited()
        #expect(bench.state == .failed)
        bench.tell(.order(order))
        #expect(bench.actions.last == "start 3")
        bench.exited()
        #expect(bench.actions.last == "start 4")
    }

    @Test("is restarted after a clean exit too, and the event says that nobody asked for it")
    func cleanExit() {
        var bench = Bench.started()
        bench.pass(.seconds(5))
        bench.exited(.code(0))
        #expect(bench.actions.last == "start 2")
        #expect(
            bench.records.contains {
                $0.message == "exited with code 0: a clean exit nobody asked for, 5 s after its start"
            })
    }

    @Test(
        "counts as restarted for the reason it ended",
        arguments: [
            (ProcessExit(.code(1)), RestartReason.exit), (ProcessExit(.unknown), .exit),
            (ProcessExit(.signal(11, dumpedCore: true)), .signal),
            (ProcessExit(.signal(9, dumpedCore: false), outOfMemory: true), .outOfMemory),
            (ProcessExit(.signal(9, dumpedCore: false), outOfMemory: false), .signal),
        ])
    func reasons(exit: ProcessExit, reason: RestartReason) {
        var bench = Bench.started()
        bench.tell(.exited(1, exit))
        #expect(bench.restarts == [reason])
        #expect(bench.machine.report.lastExit == exit)
    }

    @Test("is stopped in backoff by an order, and started at once by another")
    func ordersInBackoff() {
        var stopped = Bench.started()
        stopped.exited()
        stopped.exited()
        var started = stopped
        stopped.tell(.order(.stop))
        #expect(stopped.state == .stopped)
        #expect(stopped.waits.isEmpty)
        started.tell(.order(.start))
        #expect(started.actions.last == "start 3")
    }

    @Test("lives on when its shim is lost, with a warning, once")
    func shimLost() {
        var bench = Bench.ready()
        bench.tell(.shimLost(1, "the socket closed"))
        bench.tell(.shimLost(1, "the socket closed"))
        #expect(bench.state == .ready)
        #expect(bench.kinds.count { $0 == .shimLost } == 1)
        bench.exited(.unknown)
        #expect(bench.records.contains { $0.message == "ended, nobody saw how, 100 ms after its start" })
    }
}
