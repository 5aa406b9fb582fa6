import StokerCore
import StokerLoad
import Testing

@Suite struct BootstrapTests {
    private func parts(_ count: Int, spread: Double = 1, each: Int = 200) -> [LatencyHistogram] {
        var generator = SeededGenerator(seed: 5)
        return (0..<count).map { part in
            var histogram = LatencyHistogram()
            for _ in 0..<each {
                histogram.record(100 * Samples.ms + Int64(spread * Double(part) * 1e6 + generator.fraction() * 1e7))
            }
            return histogram
        }
    }

    @Test func `too few parts say nothing about how parts vary`() {
        #expect(Bootstrap(parts(Bootstrap.fewestParts - 1)) == nil)
        #expect(Bootstrap(parts(4) + [LatencyHistogram()]) == nil)
        #expect(Bootstrap(parts(Bootstrap.fewestParts)) != nil)
    }

    @Test func `an interval holds the figure of the whole`() throws {
        let parts = parts(20)
        var all = LatencyHistogram()
        for part in parts { all.add(part) }
        let intervals = try #require(Bootstrap(parts)).intervals([0.5, 0.9], times: 200, seed: 1)
        #expect(intervals.count == 3)
        #expect(intervals[0].contains(Double(all.quantile(0.5) ?? 0) / 1e6))
        #expect(intervals[1].contains(Double(all.quantile(0.9) ?? 0) / 1e6))
        #expect(intervals[2].contains(Double(all.mean ?? 0) / 1e6))
    }

    @Test func `parts that vary more make it wider`() throws {
        let calm = try #require(Bootstrap(parts(20, spread: 0))).intervals([0.5], times: 200, seed: 1)[0]
        let wild = try #require(Bootstrap(parts(20, spread: 5))).intervals([0.5], times: 200, seed: 1)[0]
        #expect(wild.upperBound - wild.lowerBound > 3 * (calm.upperBound - calm.lowerBound))
    }

    @Test func `equal seeds agree`() throws {
        let bootstrap = try #require(Bootstrap(parts(8)))
        #expect(bootstrap.draw([0.5], times: 20, seed: 7) == bootstrap.draw([0.5], times: 20, seed: 7))
        #expect(bootstrap.draw([0.5], times: 20, seed: 7) != bootstrap.draw([0.5], times: 20, seed: 8))
    }

    @Test func `parts that are alike leave no doubt`() throws {
        var one = LatencyHistogram()
        for _ in 0..<50 { one.record(7 * Samples.ms) }
        let intervals = try #require(Bootstrap([LatencyHistogram](repeating: one, count: 6)))
            .intervals([0.5], times: 50, seed: 1)
        #expect(intervals[0].lowerBound == intervals[0].upperBound && intervals[1] == 7...7)
    }
}

@Suite struct SteadyStateTests {
    private func noise(_ count: Int, seed: UInt64 = 4) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in 100 + 10 * generator.fraction() }
    }

    @Test func `a short series cannot tell`() {
        #expect(SteadyState.of(noise(19)) == nil)
    }

    @Test(arguments: 1...10)
    func `noise alone does not drift`(seed: UInt64) {
        #expect(SteadyState.of(noise(300, seed: seed))?.isDrifting == false)
    }

    @Test func `a slow beginning is cut off`() throws {
        let series = (0..<50).map { 400 - 6 * Double($0) } + noise(250)
        let state = try #require(SteadyState.of(series))
        #expect((45...60).contains(state.start) && !state.isDrifting)
    }

    @Test func `a queue that grows to the end drifts`() {
        #expect(SteadyState.of((0..<300).map { 100 + Double($0) })?.isDrifting == true)
        #expect(SteadyState.of((0..<30).map { 100 + 9 * Double($0) })?.isDrifting == true)
    }

    @Test func `one value again and again is steady from the start`() {
        #expect(SteadyState.of([Double](repeating: 5, count: 40)) == SteadyState(start: 0, isDrifting: false))
    }
}
