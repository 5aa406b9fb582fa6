import StokerCore
import Testing

/// Hours of random deaths; each failure names the seed that shows it.
struct StandbySimulationTests {
    static let seeds = Array(1...3 as ClosedRange<UInt64>)
    typealias Room = StandbySimulation.Room

    private static let plain = Room(backends: ["a", "b"], cold: ["c"], loads: ["a": 20, "b": 30, "c": 10])
    private static let shared = Room(
        backends: ["a"], cold: ["c"], sharing: ["a", "c"], loads: ["a": 20, "c": 10])
    private static let half = Room(
        backends: ["a", "b"], cold: ["c", "d"], away: ["far"], sharing: ["a", "c", "d"],
        loads: ["a": 20, "b": 20, "c": 5, "d": 40])

    @Test(arguments: seeds)
    func `no two hold one resource and nobody who serves alone is stopped`(seed: UInt64) {
        for room in [Self.plain, Self.shared, Self.half] {
            var simulation = StandbySimulation(room, seed: seed)
            for step in 0..<2400 {
                simulation.step(deaths: 0.02)
                if step % 500 == 499 { simulation.jump(.seconds(step)) }
            }
            #expect(simulation.problems == [], "seed \(seed)")
        }
    }

    @Test(arguments: seeds)
    func `people who start and stop at random never make two hold one resource`(seed: UInt64) {
        for room in [Self.plain, Self.shared, Self.half] {
            var simulation = StandbySimulation(room, seed: seed)
            for _ in 0..<2400 { simulation.step(deaths: 0.02, orders: 0.05) }
            #expect(simulation.problems == [], "seed \(seed)")
        }
    }

    @Test(arguments: seeds)
    func `promotions are bounded by the growing wait before a failback`(seed: UInt64) {
        var simulation = StandbySimulation(Self.plain, seed: seed)
        for _ in 0..<14_400 { simulation.step(deaths: 0.03) }
        #expect(simulation.problems == [], "seed \(seed)")
        // 60 s, 120 s, 240 s, … until an hour is full, and one that was under way.
        #expect(simulation.busiestHour <= 8, "seed \(seed): \(simulation.busiestHour)")
    }

    @Test(arguments: seeds)
    func `when all backends are lost for good a standby that can load serves`(seed: UInt64) {
        var room = Self.half
        room.broken = ["a", "b", "c"]
        var simulation = StandbySimulation(room, seed: seed)
        // The backends die once; what is broken does not come back.
        for _ in 0..<240 { simulation.step(deaths: 0.5) }
        for _ in 0..<1200 { simulation.step(deaths: 0) }
        #expect(simulation.problems == [], "seed \(seed)")
        #expect(simulation.darkSince == nil, "seed \(seed): nobody serves since \(simulation.darkSince ?? .zero)")
    }

    @Test(arguments: seeds)
    func `a standby takes no longer than its load and a second where backends load slowly`(seed: UInt64) {
        var room = Self.plain
        room.loads = ["a": 300, "b": 300, "c": 10]
        var simulation = StandbySimulation(room, seed: seed)
        for _ in 0..<4000 { simulation.step(deaths: 0.002) }
        #expect(simulation.problems == [], "seed \(seed)")
        // Its own death costs its load again.
        #expect(simulation.longestDark <= .seconds(2 * 11), "seed \(seed): \(simulation.longestDark)")
    }

    @Test func `equal seeds give equal runs`() {
        let runs = (0..<2).map { _ in
            var simulation = StandbySimulation(Self.half, seed: 7)
            for _ in 0..<2000 { simulation.step(deaths: 0.02) }
            return simulation.promotions
        }
        #expect(runs[0] == runs[1] && !runs[0].isEmpty)
    }
}
