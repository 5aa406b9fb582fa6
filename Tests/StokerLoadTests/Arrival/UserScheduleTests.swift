import StokerCore
import StokerLoad
import Testing

@Suite struct UserScheduleTests {
    static func users(_ stages: [Stage]) -> UserArrival { UserArrival(stages: stages) }

    @Test func `a ramp up spawns users evenly, the first at once`() {
        let schedule = UserSchedule(Self.users([Stage(duration: 10 * second, level: 5)]))
        #expect(schedule.stays.map(\.start) == [0, 2, 4, 6, 8].map { $0 * second })
        #expect(schedule.stays.allSatisfy { $0.end == nil })
    }

    @Test func `a jump brings all at once`() {
        let schedule = UserSchedule(Self.users([Stage(duration: 0, level: 3)]))
        #expect(schedule.stays == (0..<3).map { UserSchedule.Stay(user: $0, start: 0) })
    }

    @Test func `on a ramp down those who came last leave first`() {
        let schedule = UserSchedule(
            Self.users([Stage(duration: 0, level: 4), Stage(duration: 4 * second, level: 0)]))
        #expect(schedule.stays.map(\.end) == [4, 3, 2, 1].map { $0 * second })
    }

    @Test func `users who leave come back when the level does`() {
        let stages = [
            Stage(duration: 0, level: 2), Stage(duration: 10 * second, level: 2), Stage(duration: 0, level: 1),
            Stage(duration: 10 * second, level: 1), Stage(duration: 2 * second, level: 3),
        ]
        let stays = UserSchedule(Self.users(stages)).stays
        #expect(stays.filter { $0.user == 0 } == [.init(user: 0, start: 0)])
        #expect(
            stays.filter { $0.user == 1 } == [
                .init(user: 1, start: 0, end: 10 * second), .init(user: 1, start: 20 * second),
            ])
        #expect(stays.filter { $0.user == 2 } == [.init(user: 2, start: 21 * second)])
    }

    @Test func `the number present is the level at any time`() {
        let stages = [
            Stage(duration: 3 * second, level: 70), Stage(duration: second, level: 20), Stage(duration: 0, level: 55),
            Stage(duration: 2 * second, level: 55), Stage(duration: 5 * second, level: 10),
        ]
        let curve = StageCurve(stages)
        let stays = UserSchedule(Self.users(stages)).stays
        for time in stride(from: Nanoseconds(1), to: 14 * second, by: 77_777_777) {
            let present = stays.filter { $0.start <= time && time < $0.end ?? .max }.count
            #expect(abs(Double(present) - curve.level(at: time)) <= 1)
        }
    }

    @Test func `shards and loops together are exactly the plan`() {
        let plan = Self.users([Stage(duration: 10 * second, level: 31), Stage(duration: 9 * second, level: 3)])
        var parts: [UserSchedule.Stay] = []
        for shard in 0..<2 {
            for loop in 0..<3 {
                parts +=
                    UserSchedule(plan, shard: Shard(index: shard, count: 2), loop: loop, loops: 3).stays
            }
        }
        #expect(parts.sorted { ($0.start, $0.user) < ($1.start, $1.user) } == UserSchedule(plan).stays)
    }

    @Test func `each stay is in order of its start`() {
        let stages = [
            Stage(duration: second, level: 9), Stage(duration: 0, level: 0), Stage(duration: second, level: 9),
        ]
        let starts = UserSchedule(Self.users(stages)).stays.map(\.start)
        #expect(starts == starts.sorted())
        #expect(starts.count == 18)
    }

    @Test(arguments: [[], [Stage(duration: 0, level: -1)], [Stage(duration: 5, level: .nan)]])
    func `no level, no users`(stages: [Stage]) {
        #expect(UserSchedule(Self.users(stages)).stays.isEmpty)
    }

    @Test func `a level beyond reason is clamped`() {
        let lane = UserSchedule(Self.users([Stage(duration: 0, level: 1e30)]), shard: Shard(index: 0, count: 100_000))
        #expect(lane.stays.count == UserSchedule.mostUsers / 100_000)
    }
}

@Suite struct TimeDistributionTests {
    static func draw(_ distribution: TimeDistribution, _ count: Int = 20_000) -> [Double] {
        var generator = SeededGenerator(seed: 1, .thinkTime)
        return (0..<count).map { _ in Double(distribution.draw(using: &generator)) }
    }

    @Test func `a constant time is itself, never negative`() {
        #expect(Self.draw(.constant(5), 3) == [5, 5, 5])
        #expect(Self.draw(.constant(-5), 1) == [0])
    }

    @Test func `a uniform time fills its range evenly`() {
        let values = Self.draw(.uniform(1000...9000))
        #expect(distance(of: values) { ($0 - 1000) / 8000 } < criticalDistance(values.count))
        #expect(values.allSatisfy { 1000...9000 ~= $0 })
    }

    @Test func `an exponential time has its mean, and an end`() {
        let values = Self.draw(.exponential(mean: 5 * second))
        #expect(abs(mean(values) / 5e9 - 1) < 0.02)
        #expect(Self.draw(.exponential(mean: .max), 100).allSatisfy { $0 <= 86_400e9 })
    }
}

@Suite struct StageCurveTests {
    static let curve = StageCurve([
        Stage(duration: 10 * second, level: 100), Stage(duration: 0, level: 40), Stage(duration: 10 * second, level: 0),
    ])

    @Test(arguments: [(0, 0.0), (5, 50), (10, 40), (15, 20), (20, 0), (99, 0)] as [(Nanoseconds, Double)])
    func `the level is the straight line between stages`(time: Nanoseconds, level: Double) {
        #expect(abs(Self.curve.level(at: time * second) - level) < 1e-9)
    }

    @Test(arguments: [(-1, 0.0), (5, 125), (10, 500), (20, 700), (1000, 700)] as [(Nanoseconds, Double)])
    func `the integral is the area below`(time: Nanoseconds, area: Double) {
        #expect(abs(Self.curve.integral(to: time * second) - area) < 1e-9)
    }

    @Test func `the highest level counts also where it lasts no time`() {
        #expect(Self.curve.highest == 100)
        #expect(StageCurve([]).highest == 0)
    }
}

@Suite struct LaneTests {
    @Test func `lanes deal the numbers out without gap or double`() {
        var numbers: [Int] = []
        for shard in 0..<3 {
            for loop in 0..<4 {
                let lane = Lane(shard: Shard(index: shard, count: 3), loop: loop, loops: 4)
                numbers += (0..<10).map { lane.number($0) }
            }
        }
        #expect(numbers.sorted() == Array(0..<120))
    }

    @Test func `shard and loop of a number are as documented`() {
        let lane = Lane(shard: Shard(index: 1, count: 3), loop: 2, loops: 4)
        let number = lane.number(5)
        #expect(number % 3 == 1)
        #expect(number / 3 % 4 == 2)
    }

    @Test func `nonsense is clamped`() {
        #expect(Lane(shard: Shard(index: 9, count: 0), loop: -1, loops: 0).number(3) == 3)
    }
}

@Suite struct RandomStreamTests {
    @Test func `each purpose and part has a sequence of its own`() {
        var seen: Set<UInt64> = []
        for stream in RandomStream.allCases {
            for part in 0..<50 {
                var generator = SeededGenerator(seed: 5, stream, part)
                for _ in 0..<20 { seen.insert(generator.next()) }
            }
        }
        #expect(seen.count == RandomStream.allCases.count * 50 * 20)
    }

    @Test func `neighbouring seeds do not overlap`() {
        let step: UInt64 = 0x9E37_79B9_7F4A_7C15
        var one = SeededGenerator(seed: 1, .arrivals)
        var shifted = SeededGenerator(seed: 1 &+ step, .arrivals)
        let sequence = Set((0..<100).map { _ in one.next() })
        #expect((0..<100).allSatisfy { _ in !sequence.contains(shifted.next()) })
    }

    @Test func `normal values follow their law`() {
        var generator = SeededGenerator(seed: 6)
        let values = (0..<20_000).map { _ in generator.normal() }
        #expect(abs(mean(values)) < 0.02)
        #expect(abs(variance(values) - 1) < 0.03)
    }
}
