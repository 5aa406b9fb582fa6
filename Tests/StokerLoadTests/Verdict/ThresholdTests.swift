import StokerLoad
import Testing

@Suite struct ThresholdTests {
    @Test(arguments: [
        ("p99(ttft)<2s", Threshold.Subject.quantile(.ttft, 0.99), 2000.0),
        ("ttft.p99<2s", .quantile(.ttft, 0.99), 2000),
        ("ttft.p99.9 < 2", .quantile(.ttft, 0.999), 2),
        ("med(itl)<=15ms", .quantile(.icl, 0.5), 15),
        ("tpot.mean<=80ms", .mean(.tpot), 80),
        ("max(e2el)<1min", .most(.e2e), 60_000),
        ("send_lag.min<10us", .least(.sendLag), 0.01),
        ("rate(errors)<1%", .errorRate, 0.01),
        ("errors.rate<0.01", .errorRate, 0.01),
        ("goodput>10", .goodput, 10),
        ("attainment>=95%", .attainment, 0.95),
        ("rps>=100", .requestRate, 100),
        ("output_tps>2k", .tokenRate, 2000),
    ])
    func `what people write is read`(text: String, subject: Threshold.Subject, bound: Double) throws {
        let threshold = try Threshold(parsing: text)
        #expect(threshold.subject == subject)
        #expect(abs(threshold.bound - bound) < 1e-9 * max(1, bound))
        #expect(threshold.text == text)
    }

    @Test(arguments: [("<", Threshold.Comparison.below), ("<=", .atMost), (">", .above), (">=", .atLeast)])
    func `the four comparisons`(sign: String, comparison: Threshold.Comparison) throws {
        #expect(try Threshold(parsing: "rps\(sign)5").comparison == comparison)
    }

    @Test(arguments: [
        "", "ttft", "ttft<2s", "p0(ttft)<2s", "p100(ttft)<2s", "ttft.p99", "ttft.p99=2s", "ttft.p99<", "ttft.p99<s",
        "ttft.p99<2h", "errors.rate<1ms", "rps>5%", "latency.p99<2s", "ttft.pnan<1", "rps>nan", "rps>1e999",
        "p99(ttft<2s",
        "errors.p99<1",
    ])
    func `what cannot be read is refused with an example`(text: String) {
        #expect { _ = try Threshold(parsing: text) } throws: {
            ($0 as? LoadError)?.message.contains("try: 'ttft.p99<2s'") == true
        }
    }

    @Test(arguments: [
        ("ttft.p50<60ms", true), ("ttft.p50<40ms", false), ("ttft.p99>1", true), ("tpot.mean<=80ms", true),
        ("ttft.max<10ms", false), ("errors.rate<1%", true), ("goodput>9", true), ("goodput>11", false),
        ("attainment>=100%", true), ("rps>=9.9", true), ("output_tps>100", true), ("ttft.p97.5<76ms", true),
    ])
    func `a run meets them or not`(text: String, isMet: Bool) throws {
        let result = try Threshold(parsing: text).check(Samples.whole)
        #expect(result.isMet == isMet, "\(result)")
        #expect(result.value != nil)
    }

    @Test func `what is withheld is not met, and says why`() throws {
        let report = try Samples.report(Samples.tally(requests: 100))
        let result = try Threshold(parsing: "ttft.p99<1h".replacing("1h", with: "60min")).check(report)
        #expect(!result.isMet && result.value == nil)
        #expect(result.shown == "100 values, and p99 needs 662")
    }

    @Test func `what was not measured is not met`() throws {
        let result = try Threshold(parsing: "ttfo.mean<1s").check(Samples.report(Tally(partLength: 1)))
        #expect(!result.isMet && result.shown == "no ttfo was measured")
        #expect(try !Threshold(parsing: "errors.rate<1%").check(Samples.report(Tally(partLength: 1))).isMet)
    }
}

@Suite struct AbortRuleTests {
    @Test func `a condition must hold without a break`() throws {
        var rule = try AbortRule(parsing: "errors.rate > 20% for 10s")
        #expect(rule.patience == 10 * Samples.second)
        let good = try Samples.report(Samples.tally(requests: 20))
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.failure(.serverError, at: 0))
        let bad = try Samples.report(tally)
        let course = [(bad, 0), (bad, 9), (good, 10), (bad, 11), (bad, 21)]
        let due = course.map { report, second in rule.isDue(report, at: Int64(second) * Samples.second) }
        #expect(due == [false, false, false, false, true])
    }

    @Test func `without a time once is enough`() throws {
        var rule = try AbortRule(parsing: "rps>=0")
        let isDue = rule.isDue(try Samples.report(), at: 0)
        #expect(isDue)
    }

    @Test(arguments: ["errors.rate>20% for", "errors.rate>20% for ever", "for 10s", ""])
    func `what cannot be read is refused`(text: String) {
        #expect(throws: LoadError.self) { try AbortRule(parsing: text) }
    }
}
