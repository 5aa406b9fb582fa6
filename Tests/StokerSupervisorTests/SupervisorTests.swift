import StokerCore
import StokerSupervisor
import StokerTesting
import Testing

@Suite("The supervisor")
struct SupervisorTests {
    static func plan(
        _ name: String, after: [String: StartCondition] = [:], kind: ProcessKind = .other, probed: Bool = false
    ) -> ProcessPlan {
        var plan = ProcessPlan(name: name, kind: kind, command: ["/opt/\(name)"], startAfter: after)
        plan.stop.grace = .seconds(2)
        if probed {
            plan.probes.startup = ProbePlan(target: .tcp(host: "127.0.0.1", port: 9), interval: .seconds(1))
            plan.probes.readiness = plan.probes.startup
        }
        return plan
    }

    @Test("starts what the plan has, each after those it waits for, and ends it the other way round")
    func order() throws {
        let stage = SupervisorStage()
        let plans = [
            Self.plan("app", after: ["engine": .ready]), Self.plan("engine", after: ["store": .started], probed: true),
            Self.plan("store"), Self.plan("gateway", kind: .gateway),
        ]
        try stage.play(plans) { supervisor, stage in
            stage.answer("engine", .connect("refused"))
            await stage.pass(.seconds(5))
            #expect(stage.orders.all == ["start store 1", "start gateway 1", "start engine 1"])
            #expect(await supervisor.statuses().map(\.state) == [.waiting, .starting, .ready, .ready])
            stage.answer("engine", nil)
            await stage.pass(.seconds(2))
            #expect(stage.orders.all.last == "start app 1")
            #expect(await supervisor.statuses().map(\.state) == [.ready, .ready, .ready, .ready])
        }
        let ends = stage.orders.all.filter { $0.hasPrefix("terminate") }
        #expect(ends == ["terminate gateway 1", "terminate app 1", "terminate engine 1", "terminate store 1"])
    }

    @Test("does nothing at all while nothing happens: ten processes without probes cost no wake-up in a day")
    func idle() throws {
        let stage = SupervisorStage()
        try stage.play((0..<10).map { Self.plan("p\($0)") }) { _, stage in
            // The deadlines of the starts have to pass once.
            await stage.pass(.seconds(1000))
            let before = stage.executor.jobs
            await stage.pass(.seconds(86_400))
            #expect(stage.executor.jobs - before <= 3)
        }
    }

    @Test(
        "starts the added, stops and forgets the missing, restarts the changed, and leaves the rest alone on a reload")
    func reload() throws {
        let stage = SupervisorStage()
        let plans = [Self.plan("kept"), Self.plan("changed"), Self.plan("gone")]
        try stage.play(plans) { supervisor, stage in
            await stage.pass(.seconds(1))
            var changed = plans[1]
            changed.command = ["/opt/changed", "--new"]
            await supervisor.apply([plans[0], changed, Self.plan("added")])
            await stage.pass(.seconds(1))
            #expect(
                stage.orders.all.dropFirst(3) == [
                    "terminate gone 1", "terminate changed 1", "start added 1", "forget gone", "start changed 2",
                ])
            #expect(await supervisor.statuses().map(\.name) == ["kept", "changed", "added"])
        }
    }

    @Test("never gives a generation twice, not even to a process that left and came back")
    func comesBack() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a")]) { supervisor, stage in
            await stage.pass(.seconds(1))
            await supervisor.apply([])
            await stage.pass(.seconds(1))
            await supervisor.apply([Self.plan("a")])
            await stage.pass(.seconds(1))
            #expect(stage.orders.all == ["start a 1", "terminate a 1", "forget a", "start a 2"])
        }
    }

    @Test("obeys a person's orders")
    func orders() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a")]) { supervisor, stage in
            try await supervisor.order(.stop, process: "a")
            await stage.pass(.seconds(1))
            #expect(await supervisor.statuses().map(\.state) == [.stopped])
            try await supervisor.order(.start, process: "a")
            try await supervisor.order(.restart, process: "a")
            await stage.pass(.seconds(1))
            #expect(await supervisor.statuses().map(\.state) == [.ready])
        }
    }

    /// A backend of a model.
    private static func backend(_ name: String) -> ProcessPlan {
        var plan = plan(name, kind: .inference)
        plan.endpoint = BackendAddress(host: "127.0.0.1", port: 1)
        return plan
    }

    @Test("keeps a backend up until it hears that nothing is in flight at it")
    func drains() throws {
        let stage = SupervisorStage()
        try stage.play([Self.backend("a")]) { supervisor, stage in
            await stage.pass(.seconds(1))
            #expect(await !supervisor.note { _ in 0 })
            try await supervisor.order(.stop, process: "a")
            await stage.pass(.seconds(4))
            // Not known yet, then two, then none.
            #expect(await supervisor.note { _ in nil })
            #expect(await supervisor.note { $0 == "a" ? 2 : nil })
            #expect(await supervisor.statuses().first?.reason == "draining, 2 in flight: stopped by order")
            await stage.pass(.seconds(4))
            #expect(stage.orders.all == ["start a 1"])
            #expect(await !supervisor.note { _ in 0 })
            await stage.pass(.seconds(1))
            #expect(stage.orders.all == ["start a 1", "terminate a 1"])
            #expect(await supervisor.statuses().map(\.state) == [.stopped])
        }
    }

    @Test("lets a backend that has left the plan finish, and a gateway too, until they are told to hurry")
    func leavers() throws {
        let stage = SupervisorStage()
        let plans = [Self.plan("gateway", kind: .gateway), Self.backend("a")]
        try stage.play(plans + [Self.plan("gateway~2", kind: .gateway)]) { supervisor, stage in
            await stage.pass(.seconds(1))
            await supervisor.apply([Self.plan("gateway~2", kind: .gateway)])
            await stage.pass(.seconds(1))
            #expect(await supervisor.statuses().map(\.state) == [.ready, .draining, .draining])
            await supervisor.endLeavers()
            await stage.pass(.seconds(1))
            #expect(await supervisor.statuses().map(\.name) == ["gateway~2"])
        }
        #expect(stage.orders.all.contains("terminate gateway 1"))
        // Whatever seat it sits on, people know one gateway.
        #expect(Set(stage.sink.events.compactMap(\.subject)) == ["gateway", "a"])
    }

    @Test("does not wait for requests when it ends itself: the gateway is gone by then")
    func shutdownDoesNotDrain() throws {
        let stage = SupervisorStage()
        try stage.play([Self.backend("a")]) { _, stage in await stage.pass(.seconds(1)) }
        #expect(stage.clock.now.offset < .seconds(3))
        #expect(stage.orders.all == ["start a 1", "terminate a 1", "forget a"])
    }

    @Test("takes a backend out of rotation and back by order, one that others run too")
    func drainOrder() throws {
        let stage = SupervisorStage()
        var attached = Self.backend("site")
        attached.command = nil
        try stage.play([Self.backend("a"), attached]) { supervisor, stage in
            await stage.pass(.seconds(1))
            for name in ["a", "site"] { try await supervisor.order(.drain, process: name) }
            #expect(await supervisor.statuses().map(\.state) == [.draining, .draining])
            for name in ["a", "site"] { try await supervisor.order(.undrain, process: name) }
            #expect(await supervisor.statuses().map(\.state) == [.ready, .ready])
        }
    }

    @Test("does not drain what gets no requests or does not run, and says so")
    func drainRefused() throws {
        let stage = SupervisorStage()
        try stage.play([Self.backend("a"), Self.plan("other"), Self.plan("gateway", kind: .gateway)]) {
            supervisor, stage in
            await stage.pass(.seconds(1))
            for (name, hint) in [("other", "stoker stop other"), ("gateway", "stoker restart gateway")] {
                let refusal = ControlError(
                    code: .notDrainable, message: "\(name) gets no requests from the gateway, so it is not drained",
                    hint: hint)
                await #expect(throws: refusal) { try await supervisor.order(.drain, process: name) }
            }
            try await supervisor.order(.stopNow, process: "a")
            await stage.pass(.seconds(1))
            let refusal = ControlError(
                code: .notDrainable, message: "a does not run: it is stopped", hint: "stoker status")
            await #expect(throws: refusal) { try await supervisor.order(.drain, process: "a") }
        }
    }

    @Test("refuses orders that make no sense, and says what would")
    func refusals() throws {
        let stage = SupervisorStage()
        var attached = Self.plan("site")
        attached.command = nil
        try stage.play([Self.plan("a"), attached]) { supervisor, _ in
            await #expect(
                throws: ControlError(
                    code: .unknownProcess, message: "there is no process b", hint: "the processes are: a, site")
            ) { try await supervisor.order(.start, process: "b") }
            await #expect(
                throws: ControlError(
                    code: .notManaged, message: "site is only watched (it has a url and no command)",
                    hint: "stop it where it runs")
            ) { try await supervisor.order(.stop, process: "site") }
            await supervisor.shutdown()
            await #expect(throws: ControlError(code: .shuttingDown, message: "the control plane is shutting down")) {
                try await supervisor.order(.start, process: "a")
            }
            await supervisor.apply([Self.plan("late")])
            #expect(await supervisor.statuses().map(\.name) == ["a", "site"])
        }
    }

    @Test("tells who listens about each change, the newest first of all")
    func changes() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a", probed: true)]) { supervisor, stage in
            let changes = await supervisor.changes
            var seen: [ProcessStatus.State] = []
            stage.answer("a", .status(503))
            for await statuses in changes {
                seen += statuses.map(\.state)
                if seen.last == .starting { stage.answer("a", nil) }
                if seen.last == .ready { break }
            }
            #expect(seen.contains(.starting))
        }
    }

    @Test("ends the streams of its listeners when it ends")
    func changesEnd() throws {
        let stage = SupervisorStage()
        let changes = try stage.play([Self.plan("a")]) { supervisor, _ in await supervisor.changes }
        let last = try SimulationExecutor(seed: 1).run {
            var last: [ProcessStatus] = []
            for await statuses in changes { last = statuses }
            return last
        }
        #expect(last.map(\.state) == [.stopped])
    }

    @Test("stops what ignores SIGTERM by SIGKILL after its grace, also at the end")
    func deaf() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a")]) { _, stage in
            stage.deafen("a")
            await stage.pass(.seconds(1))
        }
        #expect(stage.orders.all == ["start a 1", "terminate a 1", "kill a 1", "forget a"])
        #expect(stage.clock.now.offset >= .seconds(3))
    }

    @Test("starts nothing again that dies while it shuts down")
    func noRestartAtTheEnd() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a"), Self.plan("b", after: ["a": .started])]) { supervisor, stage in
            await stage.pass(.seconds(1))
            supervisor.requestShutdown()
            await stage.pass(.milliseconds(1))
            stage.exit("a", 1, .code(1))
            await stage.pass(.milliseconds(1))
            #expect(stage.orders.all == ["start a 1", "start b 1", "terminate b 1"])
        }
        #expect(!stage.orders.all.contains("start a 2"))
    }

    @Test("lets a shim start a stable process again without asking, and takes that back before the end")
    func grants() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("engine")]) { supervisor, stage in
            await stage.pass(.seconds(1))
            #expect(stage.grants.all == ["grant engine 2"])
            stage.say("engine", 1, .succeeded(ProcessExit(.signal(9, dumpedCore: false), outOfMemory: false)))
            stage.say("engine", 2, .started(ProcessIdentity(pid: 101, startTime: 2, bootID: "boot")))
            await stage.pass(.seconds(1))
            let status = await supervisor.statuses().first
            #expect(status?.pid == 101)
            #expect(status?.restarts == 1)
            await stage.pass(.seconds(60))
            #expect(stage.grants.all.last == "grant engine 3")
        }
        #expect(stage.grants.all.last == "revoke engine")
        #expect(stage.orders.all == ["start engine 1", "terminate engine 2", "forget engine"])
    }

    @Test("kills at once what lives when it is cancelled itself")
    func cancelled() throws {
        let stage = SupervisorStage()
        let orders = try stage.executor.run {
            let supervisor = Supervisor(
                host: stage, prober: stage, clock: stage.clock, wallClock: { Timestamp(milliseconds: 0) },
                sink: stage.sink, seed: 1)
            await supervisor.apply([Self.plan("a")])
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await supervisor.run() }
                await stage.pass(.seconds(1))
                group.cancelAll()
            }
            return stage.orders.all
        }
        #expect(orders == ["start a 1", "kill a 1"])
    }

    @Test("records what happens with time, subject and evidence")
    func records() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a")]) { _, stage in
            await stage.pass(.seconds(2))
            stage.exit("a", 1, .code(7))
            stage.say("a", 2, .logDropped(bytes: 512, reason: "No space left on device"))
            await stage.pass(.seconds(1))
        }
        let exited = stage.sink.events.first { $0.kind == .processExited }
        #expect(exited?.time == Timestamp(milliseconds: 2000))
        #expect(exited?.subject == "a")
        #expect(exited?.severity == .warning)
        #expect(exited?.message == "exited with code 7, 2 s after its start")
        #expect(exited?.evidence == ["peak 1GiB"])
        let dropped = stage.sink.events.first { $0.kind == .logDropped }
        #expect(dropped?.message == "512 bytes of its output could not be kept")
        #expect(dropped?.evidence == ["No space left on device"])
    }

    @Test("names who holds the port of a process that ends early, but not of one that ran well")
    func portHolder() throws {
        let stage = SupervisorStage()
        var plan = Self.plan("a")
        plan.endpoint = BackendAddress(host: "127.0.0.1", port: 9001)
        try stage.play([plan]) { _, stage in
            await stage.pass(.milliseconds(500))
            stage.exit("a", 1, .code(1))
            await stage.pass(.seconds(60))
            stage.exit("a", 2, .code(1))
            await stage.pass(.seconds(1))
        }
        let exits = stage.sink.events.filter { $0.kind == .processExited }
        #expect(exits.map(\.evidence) == [["peak 1GiB", "its port 9001 is held by nginx (pid 812)"], ["peak 1GiB"]])
    }

    @Test("shows since when a process is in its state, and not since when its reason reads like that")
    func since() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a", probed: true)]) { supervisor, stage in
            stage.answer("a", .status(503))
            await stage.pass(.seconds(30))
            #expect(await supervisor.statuses().first?.since == Timestamp(milliseconds: 0))
            stage.answer("a", nil)
            await stage.pass(.seconds(3))
            let since = await supervisor.statuses().first?.since ?? Timestamp(milliseconds: 0)
            #expect((Timestamp(milliseconds: 30_000)...Timestamp(milliseconds: 32_000)).contains(since))
        }
    }
}
