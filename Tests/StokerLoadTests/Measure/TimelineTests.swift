import StokerLoad
import Testing

@Suite struct TimelineTests {
    @Test func `bins become coarser when there are too many`() {
        var tally = Tally(partLength: Samples.second)
        for second in [0, 1, 599, 600, 1300] { tally.record(Samples.answer(at: Int64(second) * Samples.second)) }
        #expect(tally.timeline.bins.count <= Timeline.maxBins)
        #expect(tally.timeline.binLength == 4 * Samples.second)
        #expect(tally.timeline.bins.reduce(0) { $0 + $1.ok } == 5)
        #expect(tally.timeline.bins[0].scheduled == 2)
    }

    @Test func `a stamp from the end of time costs no more than others`() {
        var tally = Tally(partLength: 1)
        tally.recordGap(at: .max, length: 1)
        #expect(tally.timeline.bins.count <= Timeline.maxBins && tally.parts.count <= Tally.maxParts)
    }

    @Test func `an answer's tokens are spread over the time they took`() {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.answer(at: 0, lag: 0, ttft: 500 * Samples.ms, gap: 100 * Samples.ms, tokens: 31))
        // From 0.5 s to 3.5 s.
        #expect(tally.timeline.bins.map(\.tokens) == [5, 10, 10, 6])
    }

    @Test func `the highest number in flight stays, and loops' add up`() {
        var left = Timeline(binLength: Samples.second)
        left.noteInFlight(3, at: 10)
        left.noteInFlight(2, at: 20)
        #expect(left.bins[0].inFlight == 3)
        var tally = Tally(partLength: 1)
        tally.timeline = left
        tally.merge(tally)
        #expect(tally.timeline.bins[0].inFlight == 6)
    }

    @Test(arguments: [(0, 0), (1_000_000, 0), (1_500_000, 1), (2_000_001, 2), (1_024_000_001, 20), (.max, 43)])
    func `heat cells are powers of the square root of two`(ttft: Nanoseconds, cell: Int) {
        #expect(Timeline.heatCell(of: ttft) == cell)
    }

    @Test func `the median of a bin lies in the heat cell of its middle value`() throws {
        var tally = Tally(partLength: Samples.second)
        for _ in 0..<9 { tally.record(Samples.answer(at: 0, lag: 0, ttft: 100 * Samples.ms)) }
        tally.record(Samples.answer(at: 0, lag: 0, ttft: 900 * Samples.ms))
        let median = try #require(tally.timeline.bins[0].ttftMedian)
        #expect(median > 90 && median < 128)
        #expect(try #require(tally.timeline.bins[0].ttftMean) == 180)
        #expect(Timeline.Bin().ttftMedian == nil && Timeline.Bin().gapMean == nil)
    }
}
