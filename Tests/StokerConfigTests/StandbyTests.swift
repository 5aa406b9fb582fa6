import StokerConfig
import StokerCore
import Testing

@Suite struct StandbyTests {
    private func plan(_ keys: String, model: String = "backends: [a], standby: [b]") throws -> Plan {
        try Reading.plan(
            """
            processes:
              a: { engine: simulator, port: 9001 }
              b: { engine: simulator, port: 9002\(keys.isEmpty ? "" : ", \(keys)") }
            models: { m: { \(model) } }
            """)
    }

    @Test func `a standby is warm unless it is said to be cold`() throws {
        let warm = try plan("").process(named: "b")
        #expect(warm?.standby == .warm && warm?.autostart == true)
        #expect(try plan("").process(named: "a")?.standby == nil)
    }

    @Test func `a cold standby does not start by itself`() throws {
        let cold = try plan("standby: cold, autostart: true").process(named: "b")
        #expect(cold?.standby == .cold && cold?.autostart == false)
    }

    @Test func `a backend and its cold standby may share what only one can hold`() throws {
        let plan = try Reading.plan(
            """
            processes:
              a: { engine: simulator, port: 9001, exclusive: gpu0 }
              b: { engine: simulator, port: 9002, exclusive: gpu0, standby: cold }
            models: { m: { backends: [a], standby: [b], failback: 30s } }
            """)
        #expect(plan.processes.map(\.exclusive) == ["gpu0", "gpu0"])
        #expect(plan.models[0].failback == .seconds(30))
    }

    @Test func `an attached standby may stand at another site`() throws {
        let plan = try Reading.plan(
            """
            processes:
              a: { engine: simulator, port: 9001 }
              b: { url: "http://10.0.0.9:8000", engine: vllm, site: berlin }
            models: { m: { backends: [a], standby: [b] } }
            """)
        #expect(plan.process(named: "b")?.site == "berlin")
        #expect(plan.tiers(of: plan.models[0]) == [["a"], ["b"]])
    }

    @Test func `a change of what is kept ready restarts nothing`() throws {
        let difference = PlanDifference(from: try plan(""), to: try plan("standby: cold, exclusive: gpu0"))
        #expect(difference.updated == ["b"] && difference.restarted == [])
    }
}
