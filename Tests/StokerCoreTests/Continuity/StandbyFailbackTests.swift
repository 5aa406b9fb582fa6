import StokerCore
import Testing

struct StandbyFailbackTests {
    /// The standby serves, and both backends are gone.
    private static func serving(
        failback: Duration = .seconds(300), warm: [String] = []
    ) -> StandbyStage {
        var stage = StandbyStage(warm: warm, failback: failback)
        stage.killAll(["a", "b"] + warm)
        stage.pass(.seconds(1))
        stage.set("c", .starting)
        stage.set("c", .ready)
        _ = stage.orders()
        return stage
    }

    private static func inFlight(_ count: Int) -> GatewayStatus {
        GatewayStatus(
            version: 1, epoch: 1,
            backends: ["a", "b", "c"].map { BackendStatus(name: $0, usable: true, inFlight: $0 == "c" ? count : 0) })
    }

    @Test func `it stays while one backend is missing`() {
        var stage = Self.serving()
        stage.set("a", .ready)
        stage.pass(.seconds(7200))
        #expect(stage.orders() == [])
    }

    @Test func `it steps back when the backends were whole for failback without a break`() {
        var stage = Self.serving()
        stage.gateway = Self.inFlight(0)
        for name in ["a", "b"] { stage.set(name, .ready) }
        stage.pass(.seconds(200))
        stage.killAll(["b"])
        stage.pass(.seconds(1))
        stage.set("b", .ready)
        stage.pass(.seconds(299))
        #expect(stage.orders() == [])
        stage.pass(.seconds(2))
        #expect(stage.orders() == [.stop("c")])
        #expect(stage.records.last == .standbyFailback)
    }

    @Test func `a backend that a person has stopped is not waited for`() {
        var stage = Self.serving()
        stage.gateway = Self.inFlight(0)
        stage.set("a", .stopped)
        stage.set("b", .ready)
        stage.pass(.seconds(302))
        #expect(stage.orders() == [.stop("c")])
    }

    @Test func `it finishes what it has before it is stopped`() {
        var stage = Self.serving()
        stage.gateway = Self.inFlight(2)
        for name in ["a", "b"] { stage.set(name, .ready) }
        stage.pass(.seconds(310))
        #expect(stage.orders() == [])
        #expect(stage.standby("c")?.note == "steps back, finishes what it has")
        stage.gateway = Self.inFlight(0)
        stage.look()
        #expect(stage.orders() == [.stop("c")])
    }

    @Test func `nobody waits for longer than an answer may take`() {
        var stage = Self.serving()
        stage.gateway = Self.inFlight(2)
        for name in ["a", "b"] { stage.set(name, .ready) }
        stage.pass(.seconds(300 + 600))
        #expect(stage.orders() == [.stop("c")])
    }

    @Test func `a silent gateway is no proof of an idle standby`() {
        var stage = Self.serving()
        for name in ["a", "b"] { stage.set(name, .ready) }
        stage.pass(.seconds(300 + 599))
        #expect(stage.orders() == [])
        stage.pass(.seconds(1))
        #expect(stage.orders() == [.stop("c")])
    }

    @Test func `a backend that dies during the drain ends the drain`() {
        var stage = Self.serving()
        stage.gateway = Self.inFlight(1)
        for name in ["a", "b"] { stage.set(name, .ready) }
        stage.pass(.seconds(301))
        stage.killAll()
        stage.gateway = Self.inFlight(0)
        stage.pass(.seconds(20))
        #expect(stage.orders() == [])
        #expect(stage.standby("c")?.note == nil)
    }

    @Test func `one that has not loaded yet is stopped as well`() {
        var stage = StandbyStage()
        stage.killAll()
        stage.pass(.seconds(1))
        stage.set("c", .starting)
        _ = stage.orders()
        for name in ["a", "b"] { stage.set(name, .ready) }
        stage.pass(.seconds(299))
        #expect(stage.orders() == [])
        stage.pass(.seconds(1))
        #expect(stage.orders() == [.stop("c")])
    }

    @Test func `the wait doubles each time that the backends die again soon after`() {
        var stage = Self.serving(failback: .seconds(10))
        var waits: [Int64] = []
        for _ in 0..<5 {
            stage.gateway = Self.inFlight(0)
            for name in ["a", "b"] { stage.set(name, .ready) }
            let began = stage.now
            while stage.orders() != [.stop("c")] { stage.pass(.milliseconds(500)) }
            waits.append((stage.now - began).milliseconds / 1000)
            stage.set("c", .stopped)
            stage.gateway = nil
            stage.killAll()
            stage.pass(.seconds(1))
            stage.set("c", .ready)
            _ = stage.orders()
        }
        // A second of drain comes on top.
        #expect(waits == [11, 21, 41, 81, 161])
    }

    @Test func `the wait is the plan's again after an hour of peace`() {
        var stage = Self.serving(failback: .seconds(10))
        for _ in 0..<2 {
            stage.gateway = Self.inFlight(0)
            for name in ["a", "b"] { stage.set(name, .ready) }
            stage.pass(.seconds(12))
            #expect(stage.orders() == [.stop("c")])
            stage.set("c", .stopped)
            stage.gateway = nil
            stage.pass(.seconds(3601))
            stage.killAll()
            stage.pass(.seconds(1))
            stage.set("c", .ready)
            _ = stage.orders()
        }
    }

    @Test func `a stop without effect is ordered again`() {
        var stage = Self.serving()
        stage.gateway = Self.inFlight(0)
        for name in ["a", "b"] { stage.set(name, .ready) }
        stage.pass(.seconds(301))
        #expect(stage.orders() == [.stop("c")])
        stage.pass(.seconds(5))
        #expect(stage.orders() == [.stop("c")])
        stage.set("c", .stopping)
        stage.pass(.seconds(60))
        #expect(stage.orders() == [])
    }

    @Test func `a warm standby that serves and ceases to is recorded, and never stopped`() {
        var stage = StandbyStage(cold: [], warm: ["w"])
        stage.killAll()
        stage.pass(.seconds(5))
        #expect(stage.records == [.standbyPromoted])
        #expect(stage.standby("w")?.servingSince == Timestamp(milliseconds: 1_000_000 - 5000))
        stage.set("a", .ready)
        #expect(stage.records == [.standbyPromoted, .standbyFailback])
        stage.pass(.seconds(7200))
        #expect(stage.orders() == [])
    }

    @Test func `a warm standby that is up before the backends load is no news`() {
        var stage = StandbyStage(cold: [], warm: ["w"])
        stage.machine = StandbyMachine(StandbyPlan(standbyPlan(cold: [], warm: ["w"])))
        for name in ["a", "b"] { stage.change(name) { $0.state = .starting } }
        stage.pass(.seconds(60))
        #expect(stage.records == [])
        for name in ["a", "b"] { stage.set(name, .failed) }
        #expect(stage.records == [.standbyPromoted])
    }
}
