import StokerCore
import StokerLoad
import Testing

@Suite struct LatencyHistogramTests {
    private func histogram(_ values: [Nanoseconds]) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for value in values { histogram.record(value) }
        return histogram
    }

    /// Around each power of two: where a slot's width changes.
    @Test(arguments: 0..<32)
    func `a slot holds its own edges and no neighbour's`(power: Int) {
        for value in [UInt64(1) << UInt64(power), (UInt64(1) << UInt64(power)) - 1, UInt64(3) << UInt64(power) / 2] {
            let slot = HDRLayout.slot(of: value)
            #expect(HDRLayout.lowest(of: slot) <= value && value <= HDRLayout.highest(of: slot))
            #expect(HDRLayout.slot(of: HDRLayout.lowest(of: slot)) == slot)
            #expect(HDRLayout.slot(of: HDRLayout.highest(of: slot)) == slot)
            #expect(HDRLayout.highest(of: slot) - HDRLayout.lowest(of: slot) <= value / 1000)
        }
    }

    @Test func `the longest time has a slot`() {
        #expect(HDRLayout.slot(of: 3_600_000_000) < HDRLayout.slotCount)
    }

    @Test func `an empty one says nothing`() {
        let empty = LatencyHistogram()
        #expect(empty.isEmpty && empty.count == 0)
        #expect(empty.quantile(0.5) == nil && empty.mean == nil && empty.max == nil && empty.min == nil)
        #expect(empty.deviation == nil && empty.value(atRank: 1) == nil && empty.footprint == 0)
    }

    @Test(arguments: [(0.0, 1), (0.5, 500), (0.9, 900), (0.99, 990), (0.999, 999), (1.0, 1000)])
    func `quantiles are those of the sorted values, to a thousandth`(fraction: Double, milliseconds: Int64) throws {
        let all = histogram((1...1000).shuffled().map { Int64($0) * Samples.ms })
        let value = try #require(all.quantile(fraction))
        let expected = milliseconds * Samples.ms
        #expect(value >= expected && value <= expected + expected / 1000)
    }

    @Test func `a quantile is never above the highest value`() {
        #expect(histogram([1_234_567_000]).quantile(0.99) == 1_234_567_000)
    }

    @Test func `mean, least and most are exact to the microsecond`() {
        let all = histogram([1_234_567_000, 2_345_678_000])
        #expect(all.mean == 1_790_122_500)
        #expect(all.min == 1_234_567_000)
        #expect(all.max == 2_345_678_000)
    }

    @Test func `the deviation is that of the values`() throws {
        let deviation = try #require(histogram([10, 20, 30, 40].map { $0 * Samples.ms }).deviation)
        #expect(abs(deviation - 11_180_340) < 20_000)
    }

    @Test func `values beyond the bounds count as the bounds`() {
        let all = histogram([-5, .max])
        #expect(all.min == 0)
        #expect(all.max == LatencyHistogram.highest)
    }

    @Test func `adding is the same as having recorded into one`() {
        var generator = SeededGenerator(seed: 3)
        let values = (0..<2000).map { _ in Int64(generator.fraction() * generator.fraction() * 9e9) }
        var left = histogram(Array(values[..<700]))
        left.add(histogram(Array(values[700...])))
        #expect(left == histogram(values))
        left.add(LatencyHistogram())
        #expect(left == histogram(values))
    }

    @Test func `ranks count from the smallest`() {
        let all = histogram([3, 1, 2].map { $0 * Samples.ms })
        #expect(all.value(atRank: 1) == 1_000_000)
        #expect(all.value(atRank: 3) == 3_000_000)
        #expect(all.value(atRank: 4) == nil)
        #expect(all.value(atRank: 0) == nil)
    }

    @Test func `values above a bound are counted`() {
        let all = histogram([1, 2, 3, 4].map { $0 * 100 * Samples.ms })
        #expect(all.count(above: 0) == 4)
        #expect(all.count(above: 250 * Samples.ms) == 2)
        #expect(all.count(above: Samples.second) == 0)
        #expect(LatencyHistogram().count(above: 5) == 0)
    }

    @Test func `only the range in use takes memory`() {
        let all = histogram([50 * Samples.ms, 5 * Samples.second])
        #expect(all.footprint < 40_000)
        #expect(histogram([50 * Samples.ms]).footprint <= 1100)
    }
}

@Suite struct SampleSizeTests {
    @Test(arguments: SampleSize.table.map(\.needed))
    func `a percentile is withheld until there are enough values`(needed: Int) throws {
        let fraction = try #require(SampleSize.table.first { $0.needed == needed }).fraction
        var histogram = LatencyHistogram()
        for _ in 1..<needed { histogram.record(1_000_000) }
        #expect(histogram.trustedQuantile(fraction) == nil)
        histogram.record(1_000_000)
        #expect(histogram.trustedQuantile(fraction) == 1_000_000)
    }

    @Test func `rarer ones need more, on both sides`() {
        #expect(SampleSize.needed(for: 0.75) < SampleSize.needed(for: 0.9))
        #expect(SampleSize.needed(for: 0.98) < SampleSize.needed(for: 0.99))
        #expect(SampleSize.needed(for: 0.98) > SampleSize.needed(for: 0.95))
        #expect(SampleSize.needed(for: 0.01) >= 600)
        #expect(SampleSize.needed(for: 1) == 1)
    }
}
