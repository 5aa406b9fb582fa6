import StokerCore
import StokerSupervisor
import StokerTesting
import Testing

/// One GPU for two processes: whoever has it keeps it until it has ended.
@Suite("One resource for two processes")
struct ExclusiveTests {
    private static func plan(_ name: String, autostart: Bool = true) -> ProcessPlan {
        var plan = SupervisorTests.plan(name)
        plan.autostart = autostart
        plan.exclusive = "gpu0"
        return plan
    }

    @Test("is held until the process that has it has ended, then the one that waits starts")
    func handOver() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a"), Self.plan("c", autostart: false)]) { supervisor, stage in
            await stage.pass(.seconds(1))
            try await supervisor.order(.start, process: "c")
            await stage.pass(.seconds(10))
            #expect(stage.orders.all == ["start a 1"])
            #expect(await supervisor.statuses().map(\.state) == [.ready, .waiting])
            #expect(await supervisor.statuses().last?.reason == "waits: gpu0 is held by a")
            try await supervisor.order(.stop, process: "a")
            await stage.pass(.milliseconds(50))
            #expect(stage.orders.all.last == "terminate a 1")
            await stage.pass(.seconds(1))
            #expect(stage.orders.all.last == "start c 1")
        }
    }

    @Test("is kept by a process that crashes and is restarted")
    func crash() throws {
        let stage = SupervisorStage()
        try stage.play([Self.plan("a"), Self.plan("c", autostart: false)]) { supervisor, stage in
            await stage.pass(.seconds(1))
            try await supervisor.order(.start, process: "c")
            for generation in 1...4 as ClosedRange<UInt64> {
                stage.exit("a", generation, .signal(9, dumpedCore: false))
                await stage.pass(.seconds(1))
            }
            #expect(stage.orders.all == (1...5).map { "start a \($0)" })
            #expect(await supervisor.statuses().last?.state == .waiting)
        }
    }

    @Test("goes to one of two that wait for it, not to both")
    func twoWait() throws {
        let stage = SupervisorStage()
        let plans = [Self.plan("a"), Self.plan("c", autostart: false), Self.plan("d", autostart: false)]
        try stage.play(plans) { supervisor, stage in
            await stage.pass(.seconds(1))
            for name in ["c", "d"] { try await supervisor.order(.start, process: name) }
            try await supervisor.order(.stop, process: "a")
            await stage.pass(.seconds(10))
            #expect(stage.orders.all.filter { $0.hasPrefix("start") } == ["start a 1", "start c 1"])
            #expect(await supervisor.statuses().last?.reason == "waits: gpu0 is held by c")
        }
    }

    @Test("is free again when its holder has given up")
    func givenUp() throws {
        let stage = SupervisorStage()
        var first = Self.plan("a")
        first.restart.giveUpStarts = 1
        try stage.play([first, Self.plan("c", autostart: false)]) { supervisor, stage in
            await stage.pass(.seconds(1))
            try await supervisor.order(.start, process: "c")
            stage.exit("a", 1, .code(1))
            await stage.pass(.seconds(1))
            #expect(await supervisor.statuses().map(\.state) == [.failed, .ready])
        }
    }
}
