import StokerCore
import Testing

/// Standbys that do not load, people who interfere, resources that are taken.
struct StandbyFaultTests {
    private static func loading(_ stage: StandbyStage) -> StandbyStage {
        var stage = stage
        stage.killAll(["a", "b"].filter { name in stage.processes.contains { $0.name == name } })
        stage.pass(.seconds(1))
        stage.set("c", .starting)
        return stage
    }

    // MARK: It does not load

    @Test func `after one failed start the next standby in the list is tried`() {
        var stage = Self.loading(StandbyStage(cold: ["c", "d"]))
        #expect(stage.orders() == [.start("c")])
        stage.set("c", .starting, restarts: 1)
        #expect(stage.orders() == [.stop("c"), .start("d")])
        #expect(stage.records == [.standbyPromoted, .standbyFailed, .standbyPromoted])
    }

    @Test func `the only standby is left to its own restart policy until that gives up`() {
        var stage = Self.loading(StandbyStage())
        _ = stage.orders()
        stage.set("c", .starting, restarts: 1)
        stage.set("c", .backoff, restarts: 1)
        stage.pass(.seconds(60))
        #expect(stage.orders() == [])
        stage.set("c", .failed, restarts: 2)
        guard case .record(.error, .standbyFailed, "c", let message, let evidence) = stage.lastRecord else {
            Issue.record("no record")
            return
        }
        #expect(message == "It does not load; there is no other to try.")
        #expect(evidence.contains("tried again, if needed, after: 1 min"))
        #expect(stage.standby("c")?.note == "did not load; not tried again for 1 min")
    }

    @Test func `a failed standby is tried again, each time later, up to an hour`() {
        var stage = Self.loading(StandbyStage())
        _ = stage.orders()
        var waits: [Int64] = []
        for _ in 0..<8 {
            stage.set("c", .failed)
            let began = stage.now
            while stage.orders() != [.start("c")] { stage.pass(.seconds(1)) }
            waits.append((stage.now - began).milliseconds / 60_000)
            stage.set("c", .starting)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60])
    }

    @Test func `one that serves again has failed for the last time`() {
        var stage = Self.loading(StandbyStage())
        stage.set("c", .failed)
        stage.pass(.seconds(60))
        stage.set("c", .starting)
        stage.set("c", .ready)
        _ = stage.orders()
        stage.set("c", .failed)
        #expect(stage.standby("c")?.note == "did not load; not tried again for 1 min")
    }

    @Test func `a serving standby that crashes has its immediate restart, then the next is tried`() {
        var stage = Self.loading(StandbyStage(cold: ["c", "d"]))
        stage.set("c", .ready)
        _ = stage.orders()
        stage.set("c", .starting, restarts: 1)
        stage.pass(.seconds(20))
        #expect(stage.orders() == [])
        stage.set("c", .backoff)
        #expect(stage.orders() == [.stop("c"), .start("d")])
    }

    @Test func `the first is tried again when the second does not load either`() {
        var stage = Self.loading(StandbyStage(cold: ["c", "d"]))
        stage.set("c", .failed)
        stage.set("d", .starting)
        _ = stage.orders()
        stage.pass(.seconds(60))
        stage.set("d", .starting, restarts: 1)
        #expect(stage.orders() == [.stop("d"), .start("c")])
    }

    // MARK: People

    @Test func `what a person has started is left to them`() {
        var stage = StandbyStage()
        stage.set("c", .ready)
        stage.pass(.seconds(7200))
        #expect(stage.orders() == [])
        #expect(stage.standby("c")?.note == "started by hand, so stopped by hand")
        stage.set("c", .stopped)
        stage.killAll()
        stage.pass(.seconds(1))
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `what a person has stopped is left alone until somebody above has served`() {
        var stage = Self.loading(StandbyStage())
        stage.set("c", .ready)
        _ = stage.orders()
        stage.set("c", .stopping)
        stage.set("c", .stopped)
        stage.pass(.seconds(7200))
        #expect(stage.orders() == [])
        #expect(stage.standby("c")?.note == "needed, but stopped by hand")
        stage.set("a", .ready)
        stage.killAll(["a"])
        stage.pass(.seconds(1))
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `a stop by hand while it loads leaves the other standbys free`() {
        var stage = Self.loading(StandbyStage(cold: ["c", "d"]))
        _ = stage.orders()
        stage.set("c", .stopped)
        #expect(stage.orders() == [.start("d")])
    }

    @Test func `a reload forgets who has left and begins with who is new`() {
        var stage = Self.loading(StandbyStage())
        _ = stage.orders()
        stage.machine.revise(StandbyPlan(standbyPlan(cold: ["d"])))
        stage.processes.append(standbyStatus("d", .stopped))
        stage.look()
        #expect(stage.orders() == [.start("d")])
        #expect(stage.standby("c") == nil)
    }

    // MARK: One resource for two

    @Test func `a backend that is on its way up keeps what it holds`() {
        var stage = StandbyStage(backends: ["a"], sharing: ["a", "c"])
        stage.killAll(["a"])
        stage.pass(.seconds(600))
        #expect(stage.orders() == [])
        #expect(stage.standby("c")?.note == "needed, but gpu0 is held by a, which is starting")
        stage.set("a", .ready)
        #expect(stage.standby("c")?.note == nil)
    }

    @Test func `a backend that has given up is replaced`() {
        var stage = StandbyStage(backends: ["a"], sharing: ["a", "c"])
        stage.set("a", .failed)
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `a backend whose restart has failed rests first, and has ended before the standby starts`() {
        var stage = StandbyStage(backends: ["a"], sharing: ["a", "c"])
        stage.set("a", .backoff, restarts: 1)
        #expect(stage.orders() == [.stop("a")])
        #expect(stage.standby("c")?.note == "needed, but a is put to rest for it")
        stage.set("a", .stopping)
        stage.pass(.seconds(60))
        #expect(stage.orders() == [])
        stage.set("a", .stopped)
        #expect(stage.orders() == [.start("c")])
        stage.set("c", .ready)
        stage.pass(.seconds(7200))
        // The gap of a failback is for a person to choose.
        #expect(stage.orders() == [])
    }

    @Test func `a backend that is alive and unready is not put to rest`() {
        var stage = StandbyStage(backends: ["a"], sharing: ["a", "c"])
        stage.set("a", .unready)
        stage.pass(.seconds(600))
        #expect(stage.orders() == [])
    }

    @Test func `what the machine says is in use is waited for`() {
        var stage = StandbyStage(backends: ["a"], sharing: ["a", "c"])
        stage.occupied = ["gpu0"]
        stage.set("a", .failed)
        stage.pass(.seconds(60))
        #expect(stage.orders() == [])
        #expect(stage.standby("c")?.note == "needed, but gpu0 is not free yet")
        stage.occupied = []
        stage.look()
        #expect(stage.orders() == [.start("c")])
    }

    @Test func `a backend that a person starts gets the resource from the standby`() {
        var stage = StandbyStage(backends: ["a"], sharing: ["a", "c"])
        stage.set("a", .failed)
        stage.set("c", .ready)
        _ = stage.orders()
        stage.set("a", .waiting)
        #expect(stage.orders() == [.stop("c")])
        #expect(stage.records.last == .standbyFailback)
        stage.set("c", .stopped)
        stage.set("a", .starting)
        stage.pass(.seconds(600))
        #expect(stage.orders() == [])
    }

    @Test func `who was put to rest is started again once another backend has been whole`() {
        var stage = StandbyStage(sharing: ["a", "c"])
        stage.set("b", .failed)
        stage.set("a", .backoff, restarts: 1)
        stage.set("a", .stopped)
        stage.set("c", .ready)
        #expect(stage.orders() == [.stop("a"), .start("c")])
        stage.set("b", .ready)
        stage.gateway = GatewayStatus(
            version: 1, epoch: 1, backends: [BackendStatus(name: "c", usable: true, inFlight: 0)])
        stage.pass(.seconds(302))
        #expect(stage.orders() == [.stop("c")])
        stage.set("c", .stopped)
        #expect(stage.orders() == [.start("a")])
    }

    @Test func `who was put to rest for a standby that does not load is tried again`() {
        var stage = StandbyStage(backends: ["a"], sharing: ["a", "c"])
        stage.set("a", .backoff, restarts: 1)
        stage.set("a", .stopped)
        #expect(stage.orders() == [.stop("a"), .start("c")])
        stage.set("c", .starting)
        stage.set("c", .failed)
        #expect(stage.orders() == [.start("a")])
    }

    @Test func `of two standbys that share a resource the second waits until the first has ended`() {
        var stage = StandbyStage(backends: ["a"], cold: ["c", "d"], sharing: ["c", "d"])
        stage.set("a", .failed)
        #expect(stage.orders() == [.start("c")])
        stage.set("c", .backoff, restarts: 1)
        #expect(stage.orders() == [.stop("c")])
        stage.set("c", .stopping)
        stage.pass(.seconds(30))
        #expect(stage.orders() == [])
        stage.set("c", .stopped)
        #expect(stage.orders() == [.start("d")])
    }

    @Test func `a standby whose resource is taken lets the next one go first`() {
        var stage = StandbyStage(backends: ["a"], cold: ["c", "d"], sharing: ["a", "c"])
        stage.set("a", .unready)
        stage.pass(.seconds(2))
        #expect(stage.orders() == [.start("d")])
    }
}
