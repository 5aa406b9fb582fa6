import StokerCore
import Testing

/// Tenfold demand for a minute, then what is usual again; virtual time, and a seed for each case.
@Suite("Admission under overload")
struct AdmissionSimulationTests {
    typealias Setting = OverloadSimulation<OurLine>.Setting

    static func ours(_ change: (inout Setting) -> Void = { _ in }, seed: UInt64) -> OverloadSimulation<OurLine> {
        var setting = Setting()
        change(&setting)
        var simulation = OverloadSimulation(setting, line: OurLine(seed: seed), seed: seed)
        simulation.run()
        return simulation
    }

    @Test("engines work for who still waits, and good answers are back within five seconds", arguments: UInt64(1)...8)
    func recovers(seed: UInt64) {
        let run = Self.ours(seed: seed)
        // What the engines can do is 1.25 times what is usual.
        #expect(run.goodput(20..<70) >= 0.95 * 1.25, "seed \(seed)")
        for second in stride(from: 75, to: 95, by: 5) {
            #expect(run.goodput(second..<second + 5) >= 0.95, "seed \(seed), from second \(second)")
        }
    }

    @Test(
        "patience, slots and answers of any length: the same",
        arguments: [
            (2.5, 10, 1.0), (5, 4, 2), (10, 4, 5), (20, 2, 8), (60, 10, 1), (4, 40, 1), (10, 40, 4), (30, 8, 15),
        ] as [(Double, Int, Double)])
    func settings(patience: Double, slots: Int, service: Double) {
        let run = Self.ours(
            {
                $0.patience = .seconds(patience)
                $0.slots = slots
                $0.service = service
                $0.end = 130
            }, seed: 11)
        let warm = 75 + Int(service * 1.5)
        #expect(run.goodput(warm..<warm + 25) >= 0.95)
    }

    @Test("those who come after it are served, when those who were turned away do not come back", arguments: 1...4)
    func newcomers(seed: Int) {
        let run = Self.ours({ $0.comesBack = 0 }, seed: UInt64(seed))
        #expect(run.success(75..<95) >= 0.95, "seed \(seed)")
    }

    @Test("a plain line of the same bounds does not recover: why ours is not one", arguments: UInt64(1)...3)
    func plain(seed: UInt64) {
        var simulation = OverloadSimulation(.init(), line: PlainLine(), seed: seed)
        simulation.run()
        #expect(simulation.goodput(20..<70) < 0.5, "seed \(seed)")
        #expect(simulation.goodput(75..<80) < 0.95, "seed \(seed)")
    }

    @Test("one client's flood of ten times what the engines can do costs the others nothing", arguments: 1...4)
    func flood(seed: Int) {
        var queue = AdmissionQueue<UInt64>(size: 512, wait: .seconds(30), seed: UInt64(seed))
        var random = SeededGenerator(seed: UInt64(seed))
        var waits: [Double] = []
        var since: [UInt64: Duration] = [:]
        for tick in 0..<6000 {
            let now = Duration.milliseconds(10 * tick)
            // A hundred a second of the flood, two a second of everybody else, ten a second are served.
            _ = queue.enqueue(0, client: 0, deadline: now + .seconds(120), at: now)
            if random.chance(0.02) {
                let client = 1 + random.next() % 1000
                if case .queued = queue.enqueue(client, client: client, deadline: now + .seconds(120), at: now) {
                    since[client] = now
                }
            }
            guard tick % 10 == 0 else { continue }
            queue.ended(at: now)
            if let next = queue.next(at: now) {
                queue.settle(at: now)
                if let came = since.removeValue(forKey: next) { waits.append((now - came).inSeconds) }
            }
            queue.expire(at: now)
            #expect(queue.takeLost().allSatisfy { $0.waiter == 0 }, "seed \(seed)")
        }
        #expect(waits.count > 80)
        #expect((waits.max() ?? 9) < 2, "seed \(seed)")
    }
}
