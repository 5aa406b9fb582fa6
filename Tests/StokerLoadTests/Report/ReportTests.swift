import StokerLoad
import Testing

@Suite struct ReportTests {
    @Test func `counts and rates are those of the window`() {
        let report = Samples.whole
        #expect(report.counts.ok == 3000 && report.counts.scheduled == 3000 && report.counts.bad == 0)
        #expect(abs((report.rates.target ?? 0) - 10) < 0.01 && abs(report.rates.achieved - 10) < 0.01)
        #expect(abs(report.rates.requests - 10) < 0.05 && abs(report.rates.goodput - 10) < 0.01)
        #expect(abs(report.rates.outputTokens - 110) < 1)
        #expect(report.rates.attainment == 1 && report.rates.errorRate == 0)
        #expect(report.exitStatus == 0 && report.verdict.level == .valid)
    }

    @Test func `percentiles have intervals that hold them, and rare ones are withheld`() throws {
        let ttft = try #require(Samples.whole.distribution(of: .ttft))
        for quantile in ttft.quantiles {
            guard let value = quantile.value else {
                #expect(ttft.count < quantile.needed)
                continue
            }
            guard let low = quantile.low, let high = quantile.high else { continue }
            #expect(low <= value && value <= high)
        }
        #expect(ttft.quantiles.filter { $0.low != nil }.map(\.fraction) == [0.5, 0.9, 0.99])
        #expect(ttft.quantiles.last?.value == nil)
    }

    @Test func `a curve never falls`() throws {
        for distribution in Samples.whole.distributions {
            #expect(zip(distribution.curve, distribution.curve.dropFirst()).allSatisfy { $0.value <= $1.value })
            #expect(distribution.curve.last?.value == distribution.most)
            #expect(distribution.curve.count <= 200)
        }
    }

    @Test func `failures lower attainment and goodput, what the end cut does neither`() throws {
        var tally = Samples.tally(requests: 300)
        for second in 0..<25 { tally.record(Samples.failure(.serverError, at: Int64(second) * Samples.second)) }
        for second in 0..<75 { tally.record(Samples.failure(.censored, at: Int64(second) * Samples.second)) }
        let report = try Samples.report(tally, plan: Samples.plan(duration: 30 * Samples.second))
        #expect(report.counts.censored == 75)
        #expect(abs((report.rates.attainment ?? 0) - 300 / 325.0) < 1e-9)
        #expect(abs((report.rates.errorRate ?? 0) - 25 / 325.0) < 1e-9)
        #expect(report.errors.map(\.outcome) == [.serverError])
    }

    @Test func `what ends after the window is not throughput`() throws {
        var tally = Tally(partLength: Samples.second)
        for number in 0..<100 {
            tally.record(Samples.answer(at: Int64(number) * Samples.second / 10, ttft: 5 * Samples.second))
        }
        let report = try Samples.report(tally, plan: Samples.plan(duration: 10 * Samples.second))
        #expect(abs(report.rates.requests - 4.9) < 0.11)
    }

    @Test func `a short closed run ends with its last answer`() throws {
        let users = Arrival.users(UserArrival(stages: [Stage(duration: 0, level: 1)]))
        var plan = Samples.plan(arrival: users, duration: nil)
        plan.stop.requests = 30
        let report = try Samples.report(Samples.tally(requests: 30), plan: plan)
        #expect(report.rates.target == nil)
        #expect(abs(report.rates.requests - 30 / report.window.length) < 1e-6)
    }

    @Test func `tokens say who counted them`() throws {
        var tally = Tally(partLength: Samples.second)
        var record = Samples.answer(at: 0)
        record.outputTokens = nil
        tally.record(record)
        #expect(try Samples.report(tally).tokens.source == .events)
        tally.record(Samples.answer(at: 0))
        #expect(try Samples.report(tally).tokens.source == .mixed)
        #expect(Samples.whole.tokens.source == .usage)
    }

    @Test func `buffering between model and client is noticed`() throws {
        #expect(Samples.whole.buffering == nil)
        var shared = Tally(partLength: Samples.second)
        var whole = shared
        for second in 0..<20 {
            var record = Samples.answer(at: Int64(second) * Samples.second, tokens: 40)
            record.coalescedEvents = 15
            shared.record(record)
            whole.record(
                Samples.answer(at: Int64(second) * Samples.second, ttft: Samples.second, gap: 10_000, tokens: 40))
        }
        #expect(try Samples.report(shared).buffering?.contains("in one read") == true)
        #expect(try Samples.report(whole).buffering?.contains("nearly whole") == true)
    }

    @Test func `a run that drifts says so`() throws {
        var tally = Tally(partLength: 10 * Samples.second)
        for second in 0..<300 {
            tally.record(Samples.answer(at: Int64(second) * Samples.second, ttft: Int64(50 + second) * Samples.ms))
        }
        let report = try Samples.report(tally)
        #expect(report.steadiness?.from == nil && report.steadiness?.drifting == ["ttft"])
        #expect(Samples.whole.steadiness?.from != nil)
    }

    @Test func `thresholds and the ending decide the exit status`() throws {
        let tally = Samples.tally(requests: 100)
        let plan = Samples.plan(duration: 10 * Samples.second)
        #expect(try Samples.report(tally, plan: plan, thresholds: ["ttft.p50<1ms"]).exitStatus == 99)
        #expect(try Samples.report(tally, plan: plan, run: Samples.run(ending: .interrupted)).exitStatus == 130)
        #expect(try Samples.report(Tally(partLength: 1)).exitStatus == 1)
    }

    @Test func `JSON is read as it was written`() throws {
        let report = Samples.whole
        let json = try report.json()
        let read = try LoadReport(parsing: Array(json.utf8))
        #expect(try read.json() == json)
        #expect(read.run == report.run && read.plan == report.plan && read.counts == report.counts)
    }

    @Test(arguments: [
        "mean_ttft_ms", "median_ttft_ms", "std_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "mean_itl_ms", "p99_e2el_ms",
        "request_throughput", "output_throughput", "total_token_throughput", "request_goodput", "completed", "failed",
        "duration", "total_input_tokens", "total_output_tokens", "schema", "definition_version", "verdict",
    ])
    func `JSON has the names that scripts know at its top`(name: String) throws {
        #expect(try Samples.whole.json().contains("\n  \"\(name)\" : "))
    }

    @Test(arguments: [
        ("stoker-load/1", "stoker-load/2"), ("\"start\" : 0\n", "\"start\" : -5\n"),
        ("\"bin_length\" : ", "\"bin_length\" : -"), ("{", "["), ("\"measure\" : \"ttft\"", "\"measure\" : \"x\""),
    ])
    func `JSON that is not sound is an error`(part: String, replacement: String) throws {
        let json = try Samples.whole.json()
        let damaged = json.replacing(part, with: replacement)
        #expect(damaged != json)
        #expect(throws: LoadError.self) { try LoadReport(parsing: Array(damaged.utf8)) }
    }

    @Test func `a quick report has the figures and no intervals`() {
        let report = ReportBuilder.build(
            Samples.tally(requests: 200), plan: Samples.plan(), run: Samples.run(), depth: .quick)
        #expect(report.parts.isEmpty && report.distribution(of: .ttft)?.quantiles.first?.low == nil)
        #expect(report.counts.ok == 200)
    }
}

@Suite struct FigureTests {
    @Test(arguments: [
        (0.0, "0"), (0.01234, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,235"), (-3.456, "-3.46"),
    ])
    func `three digits are enough`(value: Double, text: String) { #expect(Figure.significant(value) == text) }

    @Test(arguments: [
        (0.0, "0 s"), (0.25, "250 µs"), (1.5, "1.5 ms"), (999, "999 ms"), (1234, "1.23 s"), (90_000, "90 s"),
        (900_000, "15 min"),
    ])
    func `times have the unit that suits them`(value: Double, text: String) {
        #expect(Figure.milliseconds(value) == text)
    }

    @Test(arguments: [(0.0, "0%"), (0.0123, "1.2%"), (0.2, "20%"), (0.205, "20.5%"), (1, "100%"), (1.003, "100%")])
    func `shares are percentages`(value: Double, text: String) { #expect(Figure.percent(value) == text) }

    @Test func `what is no number is a dash`() {
        #expect(Figure.fixed(.nan, 2) == "-" && Figure.fixed(.infinity, 0) == "-" && Figure.fixed(1e300, 1) == "-")
        #expect(Figure.count(-1_234_567) == "-1,234,567" && Figure.short(2) == "2")
    }
}
