import StokerCore
import StokerLoad
import Testing

@Suite struct SweepOrderTests {
    private func plan(
        users: String? = nil, rate: String? = nil, objectives: [String] = [], resolution: String? = nil,
        requests: Objective = Objective()
    ) throws(LoadError) -> SweepPlan {
        var order = SweepOrder()
        order.users = users
        order.rate = rate
        order.objectives = objectives
        order.resolution = resolution
        return try order.plan(requests: requests)
    }

    @Test func `from one to another is a search`() throws {
        let plan = try plan(users: "1..500", resolution: "10%")
        #expect(plan.unit == .users && plan.levels == .search(start: 1, limit: 500, resolution: 0.1))
        #expect(try self.plan(rate: "0.5..50").levels == .search(start: 0.5, limit: 50, resolution: 0.05))
    }

    @Test func `levels with commas are those`() throws {
        #expect(try plan(users: "1,2,4").levels == .given([1, 2, 4]))
        #expect(try plan(rate: "7").levels == .given([7]))
    }

    @Test func `bounds of the run and of its requests come together`() throws {
        let plan = try plan(users: "1..5", objectives: ["p50(ttft)<1s"], requests: Objective(tpot: 80_000_000))
        let bounds = plan.objective.bounds
        #expect(bounds.contains(.init(.ttftP50, atMost: 1000)))
        #expect(bounds.contains(.init(.tpotP99, atMost: 80)))
        #expect(bounds.contains(.init(.errorRate, atMost: 0.01)))
    }

    @Test func `one thing is turned up at a time`() {
        #expect(throws: LoadError.self) { try plan() }
        #expect(throws: LoadError.self) { try plan(users: "1..5", rate: "1..5") }
    }

    @Test(arguments: ["", "5..1", "5..5", "0..5", "1..", "..5", "1..x", "1.5..3", "1,,2", "1..2..3", "-1..5"])
    func `a range that is none is refused by its flag`(text: String) {
        let error = #expect(throws: LoadError.self) { try plan(users: text) }
        #expect(error?.message.hasPrefix("--users") ?? false)
    }

    @Test(arguments: ["p99(ttft)>2s", "goodput>10", "p95(ttft)<2s", "ttft.mean<2s"])
    func `what a search cannot follow is refused with what it can`(text: String) {
        let error = #expect(throws: LoadError.self) { try plan(users: "1..5", objectives: [text]) }
        #expect(error?.message.contains("try 'p99(ttft)<2s'") ?? false)
    }

    @Test func `the answer stands below its levels`() {
        var point = SweepPoint(level: 4)
        (point.requestRate, point.tokenRate, point.ttftP50, point.inFlight) = (82.5, 330, 33, 3.4)
        var over = SweepPoint(level: 8)
        over.ttftP99 = 2600
        let objective = SweepObjective(bounds: [.init(.ttftP99, atMost: 2000)])
        let result = SweepResult(
            unit: .users, objective: objective, points: [point, over], taken: point,
            broken: .init(level: 8, reason: .bound(bound: objective.bounds[0], value: 2600)), ending: .found)
        let lines = SweepTable.text(result, TextStyle()).split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("USERS") && lines[1].hasSuffix("ok") && lines[2].hasSuffix("over"))
        #expect(lines[1].contains(#/33 ms +- /#), "too few requests for a p99")
        #expect(lines.last == result.answer)
    }
}
