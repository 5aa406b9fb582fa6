import StokerCore
import Testing

@Suite("A process that serves clients and is to stop")
struct ProcessMachineDrainTests {
    static let stop = ProcessMachine.Event.order(.stop)

    /// One on its way down by `event`, with three requests in flight.
    private func draining(_ event: ProcessMachine.Event = stop) -> Bench {
        var bench = Bench.ready(.serving)
        bench.tell(event)
        bench.tell(.inFlight(3))
        return bench
    }

    @Test(
        "leaves rotation first, whoever wants it down",
        arguments: [
            stop, .order(.restart), .leave("it has left the plan"), .revised(changed, blockedBy: []),
        ])
    func drainsFirst(event: ProcessMachine.Event) {
        let bench = draining(event)
        #expect(bench.state == .draining)
        #expect(bench.actions == ["start 1"])
        #expect(bench.kinds.last == .processDraining)
        #expect(bench.reason.hasPrefix("draining, 3 in flight: "))
    }

    @Test("gets SIGTERM with the last request, and not a moment earlier")
    func lastRequest() {
        var bench = draining()
        bench.pass(.seconds(4))
        bench.tell(.inFlight(1))
        bench.pass(.seconds(4))
        #expect(bench.actions == ["start 1"])
        bench.tell(.inFlight(0))
        #expect(bench.actions == ["start 1", "terminate 1"])
        #expect(bench.state == .stopping)
        #expect(bench.kinds.suffix(2) == [.processDrained, .processStopping])
        bench.exited(.signal(15, dumpedCore: false))
        #expect(bench.state == .stopped)
        #expect(bench.waits.isEmpty)
    }

    @Test("is waited for as long as its plan allows, and then cut off with a warning")
    func deadline() {
        var bench = draining()
        for _ in 1...99 {
            bench.pass(.seconds(3))
            bench.tell(.inFlight(2))
        }
        bench.pass(.milliseconds(2_999))
        #expect(bench.actions == ["start 1"])
        bench.pass(.milliseconds(1))
        #expect(bench.actions == ["start 1", "terminate 1"])
        let warning = bench.records.last { $0.severity == .warning }
        #expect(warning?.message == "is not drained after 5 min: what is in flight is cut off")
        #expect(warning?.evidence == ["draining, 2 in flight: stopped by order"])
    }

    @Test("is not kept up for the word of a gateway that says nothing")
    func silence() {
        var bench = draining()
        bench.pass(.milliseconds(4_999))
        #expect(bench.actions == ["start 1"])
        bench.pass(.milliseconds(1))
        #expect(bench.actions.last == "terminate 1")
        #expect(bench.records.contains { $0.message.contains("the gateway has not said for 5 s") })
    }

    @Test(
        "does not wait for requests that it cannot have",
        arguments: [
            ("no gateway sends it any", Bench.ready(.probed)), ("it was never ready", Bench.started(.serving)),
            ("its plan says so", Bench.ready(.hasty)),
        ])
    func nothingToWaitFor(_ why: String, bench: Bench) {
        var bench = bench
        bench.tell(Self.stop)
        #expect(bench.actions == ["start 1", "terminate 1"])
    }

    @Test(
        "does not wait when it is to be now", arguments: [ProcessMachine.Event.order(.stopNow), .retire("the end")])
    func now(event: ProcessMachine.Event) {
        for var bench in [Bench.ready(.serving), draining()] {
            bench.tell(event)
            #expect(bench.actions == ["start 1", "terminate 1"])
            bench.exited()
            #expect(bench.state == .stopped)
        }
    }

    @Test("is restarted at once when that is to be now, before it is drained and while")
    func restartNow() {
        for var bench in [Bench.ready(.serving), draining(.order(.restart)), draining()] {
            bench.tell(.order(.restartNow))
            bench.exited()
            #expect(bench.actions == ["start 1", "terminate 1", "start 2"])
        }
    }

    @Test("is not waited for by a person who says the same twice", arguments: [ProcessOrder.stop, .restart])
    func twice(order: ProcessOrder) {
        var bench = draining(.order(order))
        bench.tell(.order(order))
        #expect(bench.actions == ["start 1", "terminate 1"])
    }

    @Test("is restarted when it is drained, the last word being restart")
    func stopThenRestart() {
        var bench = draining()
        bench.tell(.order(.restart))
        bench.tell(.inFlight(0))
        bench.exited()
        #expect(bench.actions == ["start 1", "terminate 1", "start 2"])
        #expect(bench.restarts == [.manual])
    }

    @Test("stays down when it is drained, the last word being stop")
    func restartThenStop() {
        var bench = draining(.order(.restart))
        bench.tell(Self.stop)
        #expect(bench.actions == ["start 1"])
        bench.tell(.inFlight(0))
        bench.exited()
        #expect(bench.state == .stopped)
    }

    @Test("goes on as if nothing had been when a person wants it back before it was stopped")
    func startWhileDraining() {
        var bench = draining()
        bench.tell(.order(.start))
        #expect(bench.state == .ready)
        #expect(bench.actions == ["start 1"])
        #expect(bench.kinds.last == .processUndrained)
        bench.pass(.seconds(100), answering: .readiness)
        #expect(bench.state == .ready)
    }

    @Test("is started anew, not kept, when its plan has changed since it was to stop")
    func startWhileOutdated() {
        var bench = draining()
        bench.tell(.revised(Self.changed, blockedBy: []))
        #expect(bench.state == .draining)
        bench.tell(.order(.start))
        #expect(bench.state == .draining)
        bench.tell(.inFlight(0))
        bench.exited()
        #expect(bench.actions == ["start 1", "terminate 1", "start 2"])
    }

    @Test("is restarted by the newest plan when that changes while it drains for a restart")
    func reloadWhileDraining() {
        var bench = draining(.order(.restart))
        bench.tell(.revised(Self.changed, blockedBy: []))
        #expect(bench.state == .draining)
        bench.tell(.inFlight(0))
        bench.exited()
        #expect(bench.machine.plan == Self.changed)
        #expect(bench.restarts == [.config])
    }

    @Test("goes on draining when a reload changes nothing that matters to its start")
    func harmlessReload() {
        var bench = draining()
        var plan = ProcessPlan.serving
        plan.probes.readiness?.interval = .seconds(7)
        bench.tell(.revised(plan, blockedBy: []))
        #expect(bench.state == .draining)
        #expect(bench.actions == ["start 1"])
    }

    @Test("that dies meanwhile is recorded as that, and what was to come comes")
    func diesWhileDraining() {
        var stopped = draining()
        stopped.exited(.signal(11, dumpedCore: true))
        #expect(stopped.state == .stopped)
        #expect(stopped.kinds.contains(.processExited))
        var restarted = draining(.order(.restart))
        restarted.exited(.signal(11, dumpedCore: true))
        #expect(restarted.actions == ["start 1", "start 2"])
        #expect(restarted.waits.count { _ in true } == 1)
    }

    @Test("may not be started again by its shim, and if that crosses the order, its successor is stopped too")
    func succession() {
        var bench = Bench.ready(.serving)
        #expect(bench.granted == 2)
        bench.tell(Self.stop)
        #expect(bench.granted == nil)
        bench.succeeded()
        bench.started()
        #expect(bench.actions == ["start 1", "terminate 2"])
        bench.exited()
        #expect(bench.state == .stopped)
    }

    @Test("is not waited for when it hangs, which its liveness probe tells")
    func hangs() {
        var bench = draining(.order(.restart))
        for _ in 1...40 where bench.actions.count == 1 {
            bench.tell(.inFlight(2))
            bench.pass(.milliseconds(200))
            bench.answer(.liveness, .timeout(phase: "first byte"))
        }
        #expect(bench.actions == ["start 1", "terminate 1"])
        #expect(bench.records.contains { $0.message.hasPrefix("its liveness probe fails while it drains") })
        bench.exited()
        #expect(bench.restarts == [.manual])
    }

    @Test("is never asked twice at once, not even when it is kept with a question on its way")
    func neverTwoQuestions() {
        var bench = Bench.ready(.serving)
        while bench.questions.isEmpty { bench.pass(.milliseconds(50)) }
        let asked = bench.questions.map(\.ticket)
        bench.tell(Self.stop)
        bench.tell(.order(.start))
        #expect(bench.questions.map(\.ticket) == asked)
    }

    @Test("goes on unready when it became that while it drained")
    func keptUnready() {
        var bench = draining()
        for _ in 1...20 {
            bench.tell(.inFlight(2))
            bench.pass(.milliseconds(200), answering: .readiness, .status(503))
        }
        bench.tell(.order(.start))
        #expect(bench.state == .unready)
    }

    @Test("that has lost its shim is drained all the same")
    func orphan() {
        var bench = draining()
        bench.tell(.shimLost(1, "killed"))
        #expect(bench.state == .draining)
        bench.tell(.inFlight(0))
        #expect(bench.actions.last == "terminate 1")
    }

    @Test("that has no gateway before it when the control plane ends is not drained")
    func shutdown() {
        var bench = draining()
        bench.tell(.lastRun("the control plane ends"))
        #expect(bench.state == .draining)
        bench.tell(.retire("the control plane ends"))
        #expect(bench.actions.last == "terminate 1")
    }

    @Test("a gateway leaves by finishing what it has, and its end is no accident")
    func gatewayLeaves() {
        var bench = Bench.ready(.gateway)
        bench.tell(.leave("another gateway has taken over"))
        #expect(bench.state == .draining)
        bench.tell(.inFlight(40))
        bench.exited(.code(0))
        #expect(bench.state == .stopped)
        #expect(bench.kinds.last == .processStopped)
        #expect(!bench.kinds.contains(.processExited))
    }

    @Test(
        "a gateway that is to stop gets its SIGTERM at once, and knows what to do", arguments: [stop, .retire("end")])
    func gatewayStops(event: ProcessMachine.Event) {
        var bench = Bench.ready(.gateway)
        bench.tell(event)
        #expect(bench.actions == ["start 1", "terminate 1"])
    }

    @Test("a gateway that leaves and will not end is cut off at its bound, and at once when the control plane ends")
    func gatewayIsCutOff() {
        var bench = Bench.ready(.gateway)
        bench.tell(.leave("another gateway has taken over"))
        var ended = bench
        ended.tell(.retire("the control plane ends"))
        #expect(ended.actions.last == "terminate 1")
        for _ in 1...900 {
            bench.tell(.inFlight(1))
            bench.pass(.seconds(4))
        }
        #expect(bench.actions.last == "terminate 1")
    }

    static var changed: ProcessPlan {
        var plan = ProcessPlan.serving
        plan.command = ["/opt/engine", "--new"]
        return plan
    }
}

@Suite("A process that is drained by order")
struct ProcessDrainOrderTests {
    private func drained() -> Bench {
        var bench = Bench.ready(.serving)
        bench.tell(.order(.drain))
        return bench
    }

    @Test("gets no new requests, stays up, and says when nothing is in flight any more")
    func drains() {
        var bench = drained()
        #expect(bench.state == .draining)
        #expect(bench.machine.awaitsTraffic)
        bench.tell(.inFlight(2))
        #expect(bench.reason == "drained by order: 2 in flight")
        bench.tell(.inFlight(0))
        #expect(bench.reason == "drained by order: nothing is in flight")
        #expect(bench.kinds.suffix(2) == [.processDraining, .processDrained])
        #expect(!bench.machine.awaitsTraffic)
        bench.pass(.seconds(1000), answering: .readiness)
        #expect(bench.state == .draining)
        #expect(bench.actions == ["start 1"])
    }

    @Test("gets requests again when that is undone, before it is empty and after", arguments: [0, 2])
    func undone(inFlight: Int) {
        var bench = drained()
        bench.tell(.inFlight(inFlight))
        bench.tell(.order(.undrain))
        #expect(bench.state == .ready)
        #expect(bench.kinds.last == .processUndrained)
        #expect(!bench.machine.awaitsTraffic)
    }

    @Test("makes no news of an order that changes nothing")
    func repeated() {
        var bench = drained()
        let before = bench.machine
        bench.tell(.order(.drain))
        #expect(bench.machine == before)
        var ready = Bench.ready(.serving)
        ready.tell(.order(.undrain))
        #expect(ready.machine == Bench.ready(.serving).machine)
    }

    @Test("is still drained after a reload that leaves it running")
    func survivesReload() {
        var bench = drained()
        var plan = ProcessPlan.serving
        plan.probes.readiness?.interval = .seconds(7)
        bench.tell(.revised(plan, blockedBy: []))
        #expect(bench.state == .draining)
    }

    @Test("is drained no more after a start", arguments: [true, false])
    func endsWithTheRun(byCrash: Bool) {
        var bench = drained()
        if byCrash {
            bench.exited()
        } else {
            bench.tell(.order(.restartNow))
            bench.exited()
        }
        bench.started()
        bench.pass(.milliseconds(100))
        bench.answer(.startup)
        #expect(bench.state == .ready)
    }

    @Test("is stopped without a wait once it is known to be empty")
    func stopWhenEmpty() {
        var bench = drained()
        bench.tell(.inFlight(0))
        bench.tell(.order(.stop))
        #expect(bench.actions == ["start 1", "terminate 1"])
    }

    @Test("is waited for when it is not empty yet")
    func stopWhenBusy() {
        var bench = drained()
        bench.tell(.inFlight(1))
        bench.tell(.order(.stop))
        #expect(bench.actions == ["start 1"])
        bench.tell(.inFlight(0))
        #expect(bench.actions == ["start 1", "terminate 1"])
    }

    @Test("may be one that somebody else runs")
    func attached() {
        var bench = Bench(.attached)
        bench.tell(.begin)
        bench.answer(.readiness)
        bench.tell(.order(.drain))
        #expect(bench.state == .draining)
        bench.tell(.inFlight(0))
        #expect(bench.kinds.last == .processDrained)
        bench.tell(.order(.undrain))
        #expect(bench.state == .ready)
    }

    @Test("never gets requests when it was told so while it started")
    func whileStarting() {
        var bench = Bench.started(.serving)
        bench.tell(.order(.drain))
        #expect(bench.state == .starting)
        bench.pass(.milliseconds(100))
        bench.answer(.startup)
        #expect(bench.state == .draining)
    }

    @Test("says that it is not ready while it is not")
    func unready() {
        var bench = drained()
        bench.pass(.seconds(4), answering: .readiness, .status(503))
        #expect(bench.state == .unready)
        bench.pass(.seconds(4), answering: .readiness)
        #expect(bench.state == .draining)
    }

    @Test("is nothing to be drained when it does not run")
    func atRest() {
        var bench = Bench(.serving)
        let before = bench.machine
        bench.tell(.order(.drain))
        #expect(bench.machine == before)
    }
}

extension ProcessPlan {
    /// Its clients are not waited for.
    fileprivate static var hasty: ProcessPlan {
        var plan = serving
        plan.stop.drain = .zero
        return plan
    }

    fileprivate static var gateway: ProcessPlan {
        var plan = serving
        plan.kind = .gateway
        plan.stop.drain = .seconds(3600)
        return plan
    }
}
