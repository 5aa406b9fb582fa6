import Glibc
import StokerLoad
import Testing

@Suite struct ArrivalScheduleTests {
    static let spacings: [RateArrival.Spacing] = [
        .constant, .poisson, .gamma(burstiness: 0.25), .gamma(burstiness: 4),
    ]

    static func rate(_ level: Double, _ spacing: RateArrival.Spacing = .poisson) -> RateArrival {
        RateArrival(stages: [Stage(duration: 0, level: level)], spacing: spacing)
    }

    @Test func `a constant rate spaces requests evenly, from the middle of the first gap`() {
        var schedule = ArrivalSchedule(Self.rate(10, .constant), seed: 1)
        #expect(schedule.take(4) == [50_000_000, 150_000_000, 250_000_000, 350_000_000])
    }

    @Test func `a constant rate never drifts`() {
        var schedule = ArrivalSchedule(Self.rate(3, .constant), seed: 1)
        let times = schedule.take(100_000)
        for (number, time) in times.enumerated() {
            #expect(abs(Double(time) - (Double(number) + 0.5) * 1e9 / 3) <= 1)
        }
    }

    @Test(arguments: [1.0, 12, 250, 100_000])
    func `poisson gaps follow the exponential law`(rate: Double) {
        var schedule = ArrivalSchedule(Self.rate(rate), seed: 7)
        let gaps = gaps(schedule.take(20_000))
        // Above, the whole nanoseconds of a time show in gaps of 10 µs; the distance allows for that.
        #expect(distance(of: gaps) { 1 - exp(-$0 * rate) } < criticalDistance(gaps.count))
    }

    @Test(arguments: [0.25, 0.5, 1, 2, 4, 100])
    func `gamma gaps have the mean of the rate and the spread of the shape`(shape: Double) {
        var schedule = ArrivalSchedule(Self.rate(50, .gamma(burstiness: shape)), seed: 11)
        let gaps = gaps(schedule.take(60_000))
        #expect(abs(mean(gaps) * 50 - 1) < 0.02)
        // The squared coefficient of variation of a gamma distribution is 1 / shape.
        #expect(abs(variance(gaps) / (mean(gaps) * mean(gaps)) * shape - 1) < 0.05)
    }

    @Test func `gamma gaps of shape 2 follow their exact law, and those of shape 1 are poisson`() {
        var erlang = ArrivalSchedule(Self.rate(10, .gamma(burstiness: 2)), seed: 3)
        let pairs = gaps(erlang.take(20_000))
        #expect(distance(of: pairs) { 1 - exp(-20 * $0) * (1 + 20 * $0) } < criticalDistance(pairs.count))
        var poisson = ArrivalSchedule(Self.rate(10, .gamma(burstiness: 1)), seed: 3)
        let singles = gaps(poisson.take(20_000))
        #expect(distance(of: singles) { 1 - exp(-10 * $0) } < criticalDistance(singles.count))
    }

    @Test func `gamma gaps of shape one half follow their exact law`() {
        var schedule = ArrivalSchedule(Self.rate(10, .gamma(burstiness: 0.5)), seed: 6)
        let gaps = gaps(schedule.take(20_000))
        // Gamma of shape 1/2 is a halved chi-square of one degree.
        #expect(distance(of: gaps) { erf(($0 * 5).squareRoot()) } < criticalDistance(gaps.count))
    }

    @Test(arguments: spacings)
    func `the achieved rate is the wanted one`(spacing: RateArrival.Spacing) {
        var schedule = ArrivalSchedule(Self.rate(1000, spacing), seed: 21)
        let count = schedule.take(until: 1000 * second).count
        // Bursty gaps (shape 1/4) of a million requests still spread by 0.2 %.
        #expect(abs(Double(count) / 1e6 - 1) < 0.005)
    }

    @Test(arguments: spacings)
    func `shards and loops together are exactly the plan`(spacing: RateArrival.Spacing) {
        let ramp = RateArrival(
            stages: [Stage(duration: 10 * second, level: 100), Stage(duration: 5 * second, level: 20)],
            spacing: spacing)
        var whole = ArrivalSchedule(ramp, seed: 99)
        var parts: [Nanoseconds] = []
        for shard in 0..<3 {
            for loop in 0..<2 {
                var part = ArrivalSchedule(
                    ramp, seed: 99, shard: Shard(index: shard, count: 3), loop: loop, loops: 2, requests: 1200)
                parts += part.take(.max)
            }
        }
        #expect(parts.sorted() == whole.take(1200))
    }

    @Test(arguments: spacings)
    func `equal seeds give equal times, others do not`(spacing: RateArrival.Spacing) {
        var one = ArrivalSchedule(Self.rate(5, spacing), seed: 1)
        var same = ArrivalSchedule(Self.rate(5, spacing), seed: 1)
        var other = ArrivalSchedule(Self.rate(5, spacing), seed: 2)
        let times = one.take(100)
        #expect(times == same.take(100))
        #expect((times == other.take(100)) == (spacing == .constant))
    }

    @Test(arguments: spacings)
    func `times never go back`(spacing: RateArrival.Spacing) {
        let stages = (0..<50).map { Stage(duration: second / 3, level: Double($0 * 7919 % 400)) }
        var schedule = ArrivalSchedule(RateArrival(stages: stages, spacing: spacing), seed: 4)
        let times = schedule.take(20_000)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func `a ramp from nothing follows its integral`() {
        let ramp = RateArrival(stages: [Stage(duration: 10 * second, level: 100)], spacing: .constant)
        var schedule = ArrivalSchedule(ramp, seed: 1)
        let times = schedule.take(600)
        // Half a request is due when 5 t² is 1/2, number 499 when it is 499.5; then 100 a second.
        #expect(abs(times[0] - Nanoseconds(0.1.squareRoot() * 1e9)) <= 1)
        #expect(abs(times[499] - Nanoseconds((499.5 / 5).squareRoot() * 1e9)) <= 1)
        #expect(abs(times[599] - times[598] - 10_000_000) <= 1)
    }

    @Test func `a poisson ramp, seen in its own time, is poisson`() {
        let stages = [Stage(duration: 30 * second, level: 400), Stage(duration: 60 * second, level: 10)]
        let curve = StageCurve(stages)
        var schedule = ArrivalSchedule(RateArrival(stages: stages, spacing: .poisson), seed: 8)
        let due = schedule.take(until: 90 * second).map { curve.integral(to: $0) }
        let gaps = zip(due, due.dropFirst()).map { $1 - $0 }
        #expect(distance(of: gaps) { 1 - exp(-$0) } < criticalDistance(gaps.count))
    }

    @Test func `a stretch of no rate has no arrivals`() {
        let pause = [
            Stage(duration: 0, level: 50), Stage(duration: second, level: 50), Stage(duration: 0, level: 0),
            Stage(duration: 10 * second, level: 0), Stage(duration: 0, level: 50),
        ]
        var schedule = ArrivalSchedule(RateArrival(stages: pause, spacing: .poisson), seed: 2)
        let times = schedule.take(500)
        #expect(times.count == 500)
        #expect(!times.contains { $0 > second && $0 < 11 * second })
    }

    @Test(arguments: [
        [], [Stage(duration: 0, level: 0)], [Stage(duration: second, level: -3)], [Stage(duration: 0, level: .nan)],
        [Stage(duration: -5, level: .infinity)],
    ])
    func `no rate at all ends at once`(stages: [Stage]) {
        var schedule = ArrivalSchedule(RateArrival(stages: stages, spacing: .poisson), seed: 2)
        #expect(schedule.next() == nil)
    }

    @Test func `a rate that ends at nothing ends the schedule`() {
        let stages = [Stage(duration: 0, level: 10), Stage(duration: 4 * second, level: 0)]
        var schedule = ArrivalSchedule(RateArrival(stages: stages, spacing: .constant), seed: 2)
        #expect(schedule.take(.max).count == 20)
    }

    @Test func `a rate too small for this world ends instead of overflowing`() {
        var schedule = ArrivalSchedule(Self.rate(1e-300, .constant), seed: 2)
        #expect(schedule.next() == nil)
    }

    @Test func `a burstiness that is no shape does not hang`() {
        for shape in [0, -1, .nan, .infinity] {
            var schedule = ArrivalSchedule(Self.rate(10, .gamma(burstiness: shape)), seed: 2)
            #expect(schedule.take(10).count == 10)
        }
    }

    @Test func `a trace is dealt out like any other plan, and ends`() {
        let times: [Nanoseconds] = [0, 10, 20, 30, 40, 50, 60]
        var first = ArrivalSchedule(trace: times, shard: Shard(index: 1, count: 2), loop: 0, loops: 2)
        var second = ArrivalSchedule(trace: times, shard: Shard(index: 1, count: 2), loop: 1, loops: 2)
        #expect(first.take(9) == [10, 50])
        #expect(second.take(9) == [30])
    }

    @Test func `no more requests than asked for are scheduled`() {
        var open = ArrivalSchedule(Self.rate(10), seed: 1, requests: 3)
        #expect(open.take(9).count == 3)
        var recorded = ArrivalSchedule(trace: [1, 2, 3, 4], requests: 2)
        #expect(recorded.take(9) == [1, 2])
    }
}
