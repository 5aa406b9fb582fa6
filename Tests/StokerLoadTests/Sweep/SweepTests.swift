import Foundation
import StokerLoad
import Testing

@Suite struct SweepTests {
    static let objective = SweepObjective(Objective(ttft: 2_000_000_000))

    /// A server whose TTFT grows with the level and breaks 2 s at `capacity`.
    static func measure(_ level: Double, capacity: Double, unit: SweepPlan.Unit = .users) -> SweepPoint {
        var point = SweepPoint(level: level)
        point.requests = 1000
        point.ttftP50 = 900 * level / capacity
        point.ttftP99 = 2000 * level / capacity
        point.requestRate = unit == .rate ? min(level, capacity * 1.02) : level / 27
        point.goodput = point.requestRate
        point.tokenRate = point.requestRate * 154
        return point
    }

    /// Runs a search to its end; returns the levels tried and the result.
    static func run(
        _ plan: SweepPlan, _ measure: (Double) -> SweepPoint
    ) throws -> (levels: [Double], result: SweepResult) {
        var sweep = Sweep(plan)
        var levels: [Double] = []
        var step = sweep.begin()
        while case .run(let level) = step {
            levels.append(level)
            try #require(levels.count <= Sweep.mostSteps)
            step = sweep.handle(measure(level))
        }
        guard case .done(let result) = step else { throw LoadError("no result") }
        return (levels, result)
    }

    static func search(
        _ unit: SweepPlan.Unit = .users, start: Double = 10, limit: Double = 10_000, resolution: Double = 0.05,
        objective: SweepObjective = objective
    ) -> SweepPlan {
        SweepPlan(
            unit: unit, levels: .search(start: start, limit: limit, resolution: resolution), objective: objective)
    }

    @Test func `levels double until the objective breaks, then what lies between is halved`() throws {
        let (levels, result) = try Self.run(Self.search()) { Self.measure($0, capacity: 345) }
        #expect(levels == [10, 20, 40, 80, 160, 320, 640, 480, 400, 360, 340, 350])
        #expect(result.taken?.level == 340)
        #expect(result.broken?.level == 350)
        #expect(result.isAnswered)
        #expect(result.points.map(\.level) == levels.sorted())
    }

    @Test(arguments: [11.0, 57, 350, 4097], [0.01, 0.05, 0.2])
    func `the answer is right to the wanted resolution`(capacity: Double, resolution: Double) throws {
        let (_, result) = try Self.run(Self.search(resolution: resolution)) { Self.measure($0, capacity: capacity) }
        let taken = try #require(result.taken?.level)
        let broken = try #require(result.broken?.level)
        #expect(taken <= capacity && capacity < broken)
        #expect(broken - taken <= max(1, resolution * broken) + 1)
    }

    @Test(arguments: [0.3, 12.5, 800])
    func `rates are searched alike`(capacity: Double) throws {
        let (_, result) = try Self.run(Self.search(.rate, start: 1)) {
            Self.measure($0, capacity: capacity, unit: .rate)
        }
        let taken = try #require(result.taken?.level)
        #expect(taken <= capacity && taken > capacity * 0.8)
    }

    @Test func `the answer is a sentence`() throws {
        let (_, result) = try Self.run(Self.search()) { Self.measure($0, capacity: 345) }
        #expect(
            result.answer == "takes 340 users (12.6 requests/s, 1,939 tokens/s) within ttft p99 <= 2 s and "
                + "error rate <= 1 %; at 350 users ttft p99 was 2.03 s")
    }

    @Test(
        arguments: [
            (99.96, "100 ms"), (14.52, "14.5 ms"), (0.0304, "0.03 ms"), (2057, "2.06 s"), (59_000, "59 s"),
            (200_000, "3 min 20 s"), (.infinity, "for ever"),
        ] as [(Double, String)])
    func `a time is written so that it can be told from its bound`(value: Double, text: String) {
        let objective = SweepObjective(bounds: [.init(.ttftP99, atMost: value)])
        #expect(objective.text == "ttft p99 <= \(text)")
    }

    @Test func `a value that looks like its bound is said to be over it`() throws {
        let plan = SweepPlan(unit: .users, levels: .given([1000]), objective: Self.objective)
        let (_, result) = try Self.run(plan) { Self.measure($0, capacity: 999.9) }
        #expect(result.answer.hasSuffix("ttft p99 was just over 2 s"))
    }

    @Test func `a server that takes everything that was tried takes at least that`() throws {
        let (levels, result) = try Self.run(Self.search(limit: 100)) { Self.measure($0, capacity: 5000) }
        #expect(levels == [10, 20, 40, 80, 100])
        #expect(result.ending == .limit)
        #expect(result.answer.hasPrefix("takes at least 100 users ("))
        #expect(result.answer.hasSuffix("; nothing higher was tried"))
    }

    @Test func `a server that takes nothing is searched down to one user`() throws {
        let (levels, result) = try Self.run(Self.search(start: 8)) { Self.measure($0, capacity: 0.5) }
        #expect(levels == [8, 4, 2, 1])
        #expect(result.taken == nil)
        #expect(!result.isAnswered)
        #expect(
            result.answer == "does not take 1 user within ttft p99 <= 2 s and error rate <= 1 %; at 1 user "
                + "ttft p99 was 4 s")
    }

    @Test func `an invalid measurement ends the search and accuses the generator`() throws {
        let (levels, result) = try Self.run(Self.search()) { level in
            var point = Self.measure(level, capacity: 5000)
            if level >= 80 {
                point.verdict = Verdict(reasons: [
                    .init(level: .suspect, check: "cpu", text: "85 % of the CPU"),
                    .init(level: .invalid, check: "send-lag", text: "send lag p99 was 300 ms"),
                ])
            }
            return point
        }
        #expect(levels == [10, 20, 40, 80])
        #expect(result.taken?.level == 40)
        #expect(!result.isAnswered)
        #expect(
            result.answer.hasSuffix(
                "; at 80 users the measurement is INVALID, so the search stopped there: send lag p99 was 300 ms"))
        #expect(result.answer.hasPrefix("takes at least 40 users"))
    }

    @Test func `a suspect measurement goes on`() throws {
        let (_, result) = try Self.run(Self.search()) { level in
            var point = Self.measure(level, capacity: 350)
            point.verdict = Verdict(reasons: [.init(level: .suspect, check: "cpu", text: "85 %")])
            return point
        }
        #expect(result.isAnswered)
    }

    @Test func `too few requests for a percentile end the search instead of guessing`() throws {
        let (levels, result) = try Self.run(Self.search()) { level in
            var point = SweepPoint(level: level)
            point.requests = 310
            return point
        }
        #expect(levels == [10])
        #expect(
            result.answer == "no answer; at 10 users 310 requests are too few for ttft p99, so the search stopped "
                + "there: make the steps longer")
    }

    @Test func `errors break a level whatever its latency`() throws {
        let (_, result) = try Self.run(Self.search()) { level in
            var point = Self.measure(level, capacity: 5000)
            point.errorRate = level > 30 ? 0.25 : 0
            return point
        }
        #expect(result.taken?.level == 30)
        #expect(result.answer.hasSuffix("error rate was 25 %"))
    }

    @Test func `a rate that is not completed is saturation`() throws {
        let plan = Self.search(.rate, start: 1, objective: SweepObjective(bounds: []))
        let (_, result) = try Self.run(plan) { level in
            var point = SweepPoint(level: level)
            point.requestRate = min(level, 12)
            return point
        }
        let taken = try #require(result.taken?.level)
        #expect(12...12.64 ~= taken)
        #expect(result.answer.hasSuffix("it completed 12 requests/s: it is saturated"))
    }

    @Test func `users beyond the knee bring no more goodput, and that is the answer when time is not bounded`() throws {
        let plan = Self.search(objective: SweepObjective(Objective()))
        let (levels, result) = try Self.run(plan) { level in
            var point = SweepPoint(level: level)
            point.goodput = min(level / 10, 8.1)
            point.requestRate = point.goodput
            return point
        }
        #expect(levels == [10, 20, 40, 80, 160])
        #expect(result.taken?.level == 80)
        #expect(result.answer.hasSuffix("at 160 users goodput was 8.1 requests/s after 8: it is saturated"))
    }

    @Test func `with a bound on time, flat goodput is no reason to stop`() throws {
        let (_, result) = try Self.run(Self.search()) { level in
            var point = Self.measure(level, capacity: 345)
            point.goodput = min(point.goodput, 2)
            return point
        }
        #expect(result.taken?.level == 340)
    }

    @Test func `a step that fell behind for ever breaks its level`() throws {
        let (_, result) = try Self.run(Self.search()) { level in
            var point = Self.measure(level, capacity: 5000)
            point.isDiverging = level > 100
            return point
        }
        let taken = try #require(result.taken?.level)
        #expect(taken <= 100 && taken >= 90)
        #expect(result.answer.hasSuffix("requests in flight and ttft rose without end"))
    }

    @Test func `given levels are all run, lowest first, for the curve`() throws {
        let plan = SweepPlan(unit: .users, levels: .given([40, 10, 20, -1, .nan]), objective: Self.objective)
        let (levels, result) = try Self.run(plan) { Self.measure($0, capacity: 15) }
        #expect(levels == [10, 20, 40])
        #expect(result.taken?.level == 10)
        #expect(result.broken?.level == 20)
        #expect(result.ending == .found)
    }

    @Test func `given levels end early when the server falls behind for ever`() throws {
        let plan = SweepPlan(unit: .users, levels: .given([10, 20, 40]), objective: Self.objective)
        let (levels, _) = try Self.run(plan) { level in
            var point = Self.measure(level, capacity: 5000)
            point.isDiverging = level == 20
            return point
        }
        #expect(levels == [10, 20])
    }

    @Test func `a level above one that broke does not count`() throws {
        let plan = SweepPlan(unit: .users, levels: .given([10, 20, 40]), objective: Self.objective)
        let (_, result) = try Self.run(plan) { Self.measure($0, capacity: $0 == 20 ? 1 : 5000) }
        #expect(result.taken?.level == 10)
    }

    @Test func `no levels, no steps`() throws {
        let plan = SweepPlan(unit: .users, levels: .given([]), objective: Self.objective)
        #expect(try Self.run(plan) { SweepPoint(level: $0) }.result.answer == "no level to try")
    }

    @Test(arguments: [0, -5, .nan, .infinity] as [Double])
    func `a senseless start is one`(start: Double) throws {
        let (levels, _) = try Self.run(Self.search(start: start, limit: 4)) { Self.measure($0, capacity: 5000) }
        #expect(levels.first.map { 1...4 ~= $0 } == true)
    }

    @Test(arguments: 0..<20)
    func `noise never makes a search endless`(seed: Int) throws {
        for unit in SweepPlan.Unit.allCases {
            let (levels, _) = try Self.run(Self.search(unit, start: 1, resolution: 0)) { level in
                let isGood = (Int(level * 7919) &+ seed) % 3 != 0
                return Self.measure(level, capacity: isGood ? level * 2 : level / 2, unit: unit)
            }
            #expect(levels.count <= Sweep.mostSteps)
        }
    }

    @Test func `a result survives being written and read`() throws {
        let (_, result) = try Self.run(Self.search()) { Self.measure($0, capacity: 345) }
        let json = try JSONEncoder().encode(result)
        #expect(try JSONDecoder().decode(SweepResult.self, from: json) == result)
        let text = String(decoding: json, as: UTF8.self)
        #expect(text.contains("\"schema\":\"stoker-sweep\\/1\""))
        #expect(text.contains("\"ttft_p99_ms\""))
    }
}

@Suite struct SweepObjectiveTests {
    @Test func `bounds of requests become bounds of percentiles`() {
        let objective = SweepObjective(Objective(ttft: 1_500_000_000, tpot: 15_500_000, e2e: 90_000_000_000))
        #expect(
            objective.text
                == "ttft p99 <= 1.5 s and tpot p99 <= 15.5 ms and e2e p99 <= 1 min 30 s and error rate <= 1 %")
        #expect(objective.boundsTime)
        #expect(!SweepObjective(Objective()).boundsTime)
    }

    @Test(arguments: SweepObjective.Quantity.allCases)
    func `each quantity is looked up where it is measured`(quantity: SweepObjective.Quantity) {
        var point = SweepPoint(level: 1)
        (point.ttftP50, point.ttftP99, point.tpotP50) = (1, 2, 3)
        (point.tpotP99, point.e2eP50, point.e2eP99, point.errorRate) = (4, 5, 6, 7)
        let place = SweepObjective.Quantity.allCases.firstIndex(of: quantity).map { Double($0 + 1) }
        #expect(point[quantity] == place)
        let bound = SweepObjective(bounds: [.init(quantity, atMost: 0.5)])
        #expect(bound.complaint(about: point) == .broken(bound.bounds[0], place ?? 0))
    }
}

@Suite struct DivergenceTests {
    /// Whether it is seen in so many looks.
    static func isSeen(_ count: Int, inFlight: (Double) -> Double, ttft: (Double) -> Double) -> Bool {
        var divergence = Divergence()
        return (0..<count).contains { index in
            let time = Double(index)
            return divergence.handle(.init(inFlight: inFlight(time), ttft: ttft(time)))
        }
    }

    /// Noise without a generator: the fractions of multiples of the golden ratio, around 0.
    static func noise(_ time: Double) -> Double { (time * 0.618_034).truncatingRemainder(dividingBy: 1) - 0.5 }

    /// A straight line with noise around it.
    static func line(_ start: Double, _ slope: Double, noise size: Double = 0) -> (Double) -> Double {
        { time in
            let straight = start + slope * time
            return straight + size * noise(time)
        }
    }

    /// A rise by `size` that comes to rest.
    static func settling(_ start: Double, _ size: Double) -> (Double) -> Double {
        { time in
            let share = 1 - 1 / (1 + time / 2)
            return start + size * share
        }
    }

    @Test func `both rising without end is seen`() {
        #expect(Self.isSeen(60, inFlight: Self.line(10, 3, noise: 10), ttft: Self.line(0.2, 0.1)))
    }

    @Test func `one alone is not`() {
        #expect(!Self.isSeen(60, inFlight: Self.line(10, 3), ttft: Self.line(0.2, 0, noise: 0.1)))
        #expect(!Self.isSeen(60, inFlight: Self.line(10, 0, noise: 1), ttft: Self.line(0.2, 0.1)))
    }

    @Test func `a steady noisy run is not`() {
        #expect(!Self.isSeen(5000, inFlight: Self.line(50, 0, noise: 40), ttft: Self.line(1, 0, noise: 1)))
    }

    @Test func `a rise that settles is not`() {
        #expect(!Self.isSeen(200, inFlight: Self.settling(40, 10), ttft: Self.settling(1, 0.3)))
    }

    @Test func `few looks say nothing`() {
        #expect(!Self.isSeen(11, inFlight: { $0 }, ttft: { $0 }))
        #expect(Self.isSeen(12, inFlight: { $0 }, ttft: { $0 }))
    }
}
