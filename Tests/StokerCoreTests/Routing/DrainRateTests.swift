import StokerCore
import Testing

@Suite("Drain rate")
struct DrainRateTests {
    /// A rate fed with so many ends, evenly.
    static func steady(_ perSecond: Double, ends: Int, from start: Duration = .zero) -> (DrainRate, Duration) {
        var rate = DrainRate()
        rate.begin(at: start)
        var now = start
        for _ in 0..<ends {
            now += .seconds(1 / perSecond)
            rate.end(at: now)
        }
        return (rate, now)
    }

    @Test("it is what ends in a second, for slow engines and for fast ones", arguments: [0.05, 0.5, 4, 100, 3000])
    func steady(pace: Double) throws {
        let (rate, now) = Self.steady(pace, ends: 40)
        let found = try #require(rate.rate(at: now))
        #expect(abs(found / pace - 1) < 0.02)
    }

    @Test("before three have ended nothing is known")
    func unknown() {
        #expect(DrainRate().rate(at: .zero) == nil)
        let (two, now) = Self.steady(10, ends: 2)
        #expect(two.rate(at: now) == nil)
        #expect(two.wait(at: 5, now: now) == nil)
    }

    @Test("time in which nobody waits does not count")
    func idle() throws {
        var (rate, now) = Self.steady(10, ends: 40)
        rate.pause(at: now)
        #expect(abs(try #require(rate.rate(at: now + .seconds(3600))) / 10 - 1) < 0.02)
        rate.begin(at: now + .seconds(3600))
        rate.end(at: now + .milliseconds(3_600_100))
        #expect(abs(try #require(rate.rate(at: now + .milliseconds(3_600_100))) / 10 - 1) < 0.02)
    }

    @Test("what ends while nobody waits does not count")
    func unasked() {
        var rate = DrainRate()
        for second in 0..<100 { rate.end(at: .seconds(second)) }
        #expect(rate.rate(at: .seconds(100)) == nil)
    }

    @Test("it falls while nothing ends, and comes back within seconds")
    func stall() throws {
        var (rate, now) = Self.steady(100, ends: 1000)
        let before = try #require(rate.rate(at: now))
        now += .seconds(20)
        #expect(try #require(rate.rate(at: now)) < before / 4)
        for _ in 0..<2000 {
            now += .milliseconds(10)
            rate.end(at: now)
        }
        #expect(try #require(rate.rate(at: now)) > 0.8 * before)
    }

    @Test("it follows a change of pace")
    func change() throws {
        var (rate, now) = Self.steady(10, ends: 200)
        for _ in 0..<100 {
            now += .milliseconds(500)
            rate.end(at: now)
        }
        #expect(abs(try #require(rate.rate(at: now)) / 2 - 1) < 0.15)
    }

    @Test("a place in the line is a time")
    func wait() throws {
        let (rate, now) = Self.steady(4, ends: 40)
        #expect(abs(try #require(rate.wait(at: 8, now: now)).inSeconds - 2) < 0.1)
    }

    @Test("Retry-After is whole seconds, the line's time and up to half more, from 1 to 60")
    func retryAfter() {
        let (rate, now) = Self.steady(2, ends: 40)
        #expect(rate.retryAfter(line: 19, at: now, jitter: 0) == 10)
        #expect(rate.retryAfter(line: 19, at: now, jitter: 1) == 15)
        #expect(rate.retryAfter(line: 0, at: now, jitter: 0) == 1)
        #expect(rate.retryAfter(line: 1_000_000, at: now, jitter: 1) == 60)
        #expect(rate.retryAfter(line: 19, at: now, jitter: -5) == 10)
        #expect((5...8).contains(DrainRate().retryAfter(line: 100, at: .zero, jitter: 0.5)))
    }

    @Test("a clock that stands still or jumps back leaves a number")
    func clock() {
        var rate = DrainRate()
        rate.begin(at: .seconds(10))
        for _ in 0..<50 { rate.end(at: .seconds(10)) }
        rate.end(at: .seconds(3))
        #expect(rate.retryAfter(line: 100, at: .seconds(2), jitter: 0) == 1)
    }
}
