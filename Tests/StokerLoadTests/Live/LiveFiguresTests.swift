import StokerLoad
import Testing

@Suite struct LiveFiguresTests {
    private func figures(at second: Int64, sent: Int = 0) -> LiveFigures {
        var figures = LiveFigures()
        figures.elapsed = second * 1_000_000_000
        figures.sent = sent
        return figures
    }

    @Test func `rates compare with what was five seconds ago`() {
        var history = LiveHistory()
        for second in 0...20 as ClosedRange<Int64> {
            let before = history.add(figures(at: second, sent: Int(second) * 10))
            if second > 0 { #expect(before.elapsed == max(0, second - 5) * 1_000_000_000) }
        }
    }

    @Test func `the first figures compare with the start`() {
        var history = LiveHistory()
        #expect(history.add(figures(at: 2, sent: 20)) == LiveFigures())
    }

    @Test func `history stays small however often it is asked`() {
        var history = LiveHistory()
        var before = LiveFigures()
        for _ in 0..<10_000 { before = history.add(figures(at: 1)) }
        #expect(before.elapsed == 1_000_000_000)
    }

    @Test func `no time, no rate`() {
        let rates = LiveRates(from: figures(at: 3), to: figures(at: 3, sent: 9))
        #expect(rates.sent == 0 && rates.cores == 0)
    }

    @Test func `counts that fall give no negative rate`() {
        #expect(LiveRates(from: figures(at: 1, sent: 9), to: figures(at: 2)).sent == 0)
    }

    @Test func `cores are CPU time by wall time`() {
        var (before, after) = (figures(at: 1), figures(at: 2))
        before.wall = 1_000_000_000
        after.wall = 2_000_000_000
        after.cpu = 500_000_000
        #expect(LiveRates(from: before, to: after).cores == 0.5)
    }

    @Test func `what is under way has been sent and has not finished`() {
        let figures = LiveFigures(LiveStage.snapshot(inFlight: 7, tally: LiveStage.tally(ok: 5, bad: [.reset: 2])))
        #expect(figures.sent == 14 && figures.finished == 7)
    }

    @Test(arguments: [
        (Int64(0), "0:00"), (59_999_999_999, "0:59"), (60_000_000_000, "1:00"), (3_600_000_000_000, "1:00:00"),
        (36_000_000_000_000, "10:00:00"), (-5, "0:00"),
    ])
    func `time on the clock`(span: Nanoseconds, text: String) { #expect(LiveText.clock(span) == text) }

    @Test(arguments: [
        (Int64(420_000), "0.42 ms"), (9_540_000, "9.5 ms"), (120_400_000, "120 ms"), (1_204_000_000, "1.20 s"),
        (75_000_000_000, "75 s"), (0, "0.00 ms"), (-1, "0.00 ms"), (.max, "9223372036 s"),
    ])
    func `a latency in three digits`(value: Nanoseconds, text: String) { #expect(LiveText.latency(value) == text) }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1234, "-1,234")])
    func `thousands apart`(value: Int, text: String) { #expect(LiveText.count(value) == text) }

    @Test(arguments: [
        (0.0, "0"), (12.04, "12.0"), (99.94, "99.9"), (99.96, "100"), (3410.6, "3,411"), (.nan, "0"), (-3, "0"),
        (.infinity, "0"), (1e30, "9,223,372,036,854,775,807"),
    ])
    func `a rate of any size`(value: Double, text: String) { #expect(LiveText.rate(value) == text) }
}
