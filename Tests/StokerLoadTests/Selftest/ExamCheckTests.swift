import StokerLoad
import Testing

/// The checks are examined before they examine: each must pass what is right and fail what is wrong.
@Suite struct ExamCheckTests {
    private func evidence(_ tally: Tally = Tally(partLength: 1), _ ledger: ServerLedger = ServerLedger())
        -> ExamEvidence
    {
        ExamEvidence(tally: tally, ledger: ledger)
    }

    private func passes(_ findings: [ExamFinding]) -> Bool { !findings.isEmpty && findings.allSatisfy(\.isPassed) }

    // Constant times

    private func constant(ttft: Nanoseconds, gap: Nanoseconds) -> [ExamFinding] {
        var server = ExamServer()
        server.firstToken = 50_000_000
        server.interval = 10_000_000
        var tally = Tally(partLength: 1)
        for _ in 0..<30 {
            tally.total.latencies.record(ttft, as: .ttftService)
            tally.total.latencies.record(gap, as: .icl)
            tally.total.latencies.record(gap, as: .tpot)
        }
        return ExamCheck.constant(evidence(tally), server)
    }

    @Test func `the right times pass`() { #expect(passes(constant(ttft: 50_300_000, gap: 10_050_000))) }

    @Test(
        arguments: [
            (49_000_000, 10_000_000), (53_000_000, 10_000_000), (50_000_000, 5_000_000), (50_000_000, 12_000_000),
        ] as [(Nanoseconds, Nanoseconds)])
    func `times before their time or long after it fail`(ttft: Nanoseconds, gap: Nanoseconds) {
        #expect(!passes(constant(ttft: ttft, gap: gap)))
    }

    @Test func `nothing measured is nothing passed`() {
        #expect(!passes(ExamCheck.constant(evidence(), ExamServer())))
    }

    // A frozen server

    private static let run: Nanoseconds = 8_000_000_000
    private static let freeze: Nanoseconds = 2_000_000_000

    /// 1600 requests, a quarter of them due while the server stood still.
    private func frozen(isOmitting: Bool = false) -> Tally {
        var tally = Tally(partLength: 1)
        for number in 0..<1600 {
            let isLate = number >= 600 && number < 1000
            let wait = isLate ? Self.freeze * Int64(1000 - number) / 400 : 0
            tally.total.latencies.record(3_000_000, as: .ttftService)
            tally.total.latencies.record(isOmitting ? 3_000_000 : wait + 3_000_000, as: .ttft)
        }
        return tally
    }

    @Test func `the closed form of a freeze holds for a freeze`() {
        #expect(passes(ExamCheck.freeze(frozen(), run: Self.run, freeze: Self.freeze)))
    }

    @Test func `a generator that omits what it could not send is caught`() {
        #expect(!passes(ExamCheck.freeze(frozen(isOmitting: true), run: Self.run, freeze: Self.freeze)))
    }

    @Test func `exchanged clocks are caught, and that is the pass`() {
        #expect(passes(ExamCheck.exchanged(frozen(), run: Self.run, freeze: Self.freeze)))
    }

    @Test func `two clocks that say the same would not be told apart`() {
        var tally = frozen()
        tally.total.latencies[.ttftService] = tally.total.latencies[.ttft]
        #expect(!passes(ExamCheck.freeze(tally, run: Self.run, freeze: Self.freeze)))
    }

    @Test func `wrk2's example comes out of the formula`() {
        // Its README: 1.42 s of 19.75 s; the formula's p99 is 1.22 s and wrk2 printed 1.27 s.
        var tally = Tally(partLength: 1)
        for _ in 0..<1000 { tally.total.latencies.record(1_270_000_000, as: .ttft) }
        let findings = ExamCheck.freeze(tally, run: 19_750_000_000, freeze: 1_420_000_000)
        #expect(findings.first { $0.what.contains("p99") }?.isPassed ?? false)
    }

    // Arrivals

    private func arrivals(_ gaps: [Double]) -> ServerLedger {
        var ledger = ServerLedger()
        var time = 0.0
        ledger.arrivals = ([0] + gaps).map {
            time += $0
            return Nanoseconds(time * 1e9)
        }
        return ledger
    }

    /// Quantiles of the exponential law, in a mixed order: what 1000 Poisson arrivals are on average.
    private let exponential = (0..<1000).map { index in
        let uniform = (Double(index * 617 % 1000) + 0.5) / 1000
        // -ln(1 - u)/250 by its series; close enough far from 1.
        return (1...200).reduce(0.0) { $0 + power(uniform, $1) / Double($1) } / 250
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1.0) { value, _ in value * base }
    }

    @Test func `even arrivals are constant and not poisson`() {
        let ledger = arrivals([Double](repeating: 1.0 / 250, count: 1000))
        let even = evidence(Tally(partLength: 1), ledger)
        #expect(passes(ExamCheck.arrivals(even, rate: 250, .constant)))
        #expect(!passes(ExamCheck.arrivals(even, rate: 250, .poisson)))
    }

    @Test func `exponential gaps are poisson and not constant`() {
        let random = evidence(Tally(partLength: 1), arrivals(exponential))
        #expect(passes(ExamCheck.arrivals(random, rate: 250, .poisson)))
        #expect(passes(ExamCheck.arrivals(random, rate: 250, .gamma(burstiness: 1))))
        #expect(!passes(ExamCheck.arrivals(random, rate: 250, .constant)))
        #expect(!passes(ExamCheck.arrivals(random, rate: 250, .gamma(burstiness: 0.25))))
    }

    @Test func `a rate that drifts low is caught`() {
        let slow = arrivals([Double](repeating: 1.01 / 250, count: 1000))
        #expect(!passes(ExamCheck.arrivals(evidence(Tally(partLength: 1), slow), rate: 250, .constant)))
    }

    @Test func `a handful of arrivals proves nothing`() {
        #expect(!passes(ExamCheck.arrivals(evidence(Tally(partLength: 1), arrivals([0.004])), rate: 250, .constant)))
        #expect(!passes(ExamCheck.arrivals(evidence(), rate: 250, .poisson)))
    }

    @Test func `the distance of a perfect sample is half a step`() {
        let sample = (0..<100).map { (Double($0) + 0.5) / 100 }
        #expect(abs(Kolmogorov.distance(sample, from: { $0 }) - 0.005) < 1e-9)
        #expect(Kolmogorov.distance([], from: { $0 }) == 0)
        #expect(Kolmogorov.distance([0.5], from: { _ in 0 }) == 1)
    }

    // Counts

    @Test func `a plateau is exact on both sides`() {
        var tally = Tally(partLength: 1)
        tally.client.mostInFlight = 20
        var ledger = ServerLedger()
        ledger.mostInFlight = 20
        #expect(passes(ExamCheck.plateau(evidence(tally, ledger), users: 20)))
        ledger.mostInFlight = 21
        #expect(!passes(ExamCheck.plateau(evidence(tally, ledger), users: 20)))
    }

    private func packed(tokens: Int, events: Int, coalesced: Int) -> [ExamFinding] {
        var server = ExamServer()
        (server.tokens, server.tokensPerEvent, server.eventsPerWrite) = (40, 4, 5)
        var tally = Tally(partLength: 1)
        tally.total.outcomes = [.ok: 3]
        (tally.total.outputTokens, tally.total.tokenEvents, tally.total.coalescedEvents) = (tokens, events, coalesced)
        return ExamCheck.packing(evidence(tally), server)
    }

    @Test func `tokens, events and reads are three counts`() {
        #expect(passes(packed(tokens: 120, events: 30, coalesced: 24)))
        #expect(!passes(packed(tokens: 30, events: 30, coalesced: 24)), "events taken for tokens")
        #expect(!passes(packed(tokens: 120, events: 30, coalesced: 0)), "reads taken for events")
    }

    @Test func `one request in another class fails its exam`() {
        var tally = Tally(partLength: 1)
        tally.total.outcomes = [.reset: 3, .ok: 0]
        #expect(passes(ExamCheck.outcome(evidence(tally), .reset, requests: 3)))
        tally.total.outcomes = [.reset: 2, .ok: 1]
        let findings = ExamCheck.outcome(evidence(tally), .reset, requests: 3)
        #expect(!passes(findings) && findings[0].seen == "ok 1, reset 2")
    }

    @Test func `the ledger agrees to the last token`() {
        var tally = Tally(partLength: 1)
        tally.total.sent = 5
        tally.total.outcomes = [.ok: 5]
        (tally.total.inputTokens, tally.total.outputTokens) = (80, 20)
        var ledger = ServerLedger()
        (ledger.received, ledger.promptTokens, ledger.outputTokens) = (5, 80, 20)
        #expect(passes(ExamCheck.ledger(evidence(tally, ledger))))
        ledger.outputTokens = 21
        #expect(!passes(ExamCheck.ledger(evidence(tally, ledger))))
    }
}
