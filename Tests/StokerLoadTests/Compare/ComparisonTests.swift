import StokerLoad
import Testing

@Suite struct ComparisonTests {
    private static let slower = ReportBuilder.build(
        Samples.tally(ttft: 65 * Samples.ms, seed: 2), plan: Samples.plan(), run: Samples.run())
    private static let alike = ReportBuilder.build(
        Samples.tally(seed: 3), plan: Samples.plan(), run: Samples.run())

    private func row(_ name: String, _ comparison: Comparison) throws -> Comparison.Row {
        try #require(comparison.rows.first { $0.name == name })
    }

    @Test(arguments: ["ttft p50", "ttft p99", "ttft mean"])
    func `a change is beyond noise`(name: String) throws {
        let row = try row(name, Comparison(before: Samples.whole, after: Self.slower))
        #expect(row.judgement == .beyondNoise)
        #expect(abs(row.change - 0.3) < 0.05 && (row.low ?? 0) > 0.2 && (row.high ?? 1) < 0.4)
    }

    @Test func `another run of the same is within it`() throws {
        let comparison = Comparison(before: Samples.whole, after: Self.alike)
        #expect(comparison.obstacles.isEmpty)
        let judged = comparison.rows.filter { $0.judgement == .beyondNoise }
        #expect(judged.count <= 1, "\(judged)")
        #expect(try row("requests", comparison).judgement == .unknown)
    }

    @Test func `short runs are compared without intervals`() throws {
        let short = try Samples.report(Samples.tally(requests: 20))
        let comparison = Comparison(before: short, after: short)
        #expect(try row("ttft mean", comparison).change == 0)
        #expect(!comparison.rows.contains { $0.name == "ttft p99" })
    }

    @Test func `what was written to a file compares alike`() throws {
        let read = try LoadReport(parsing: Array(Samples.whole.json().utf8))
        let direct = Comparison(before: Samples.whole, after: Self.slower)
        #expect(try row("ttft p50", Comparison(before: read, after: Self.slower)).low == row("ttft p50", direct).low)
    }

    @Test func `different work is not comparable, and says what differs`() {
        var other = Self.slower
        other.plan.model = "other"
        other.plan.dataset = "another"
        other.plan.endpoint = .completions
        other.plan.arrival = "closed loop"
        other.plan.bustsCache = false
        other.plan.isStreamed = false
        other.definitionVersion = 2
        other.tokens.meanOutput = (other.tokens.meanOutput ?? 0) * 1.03
        other.verdict.reasons = [Verdict.Reason(level: .suspect, check: "cpu", text: "")]
        let obstacles = Comparison(before: Samples.whole, after: other).obstacles
        let words = [
            "model", "dataset", "endpoint", "load", "caches", "streams", "definitions", "answers of", "SUSPECT",
        ]
        for word in words { #expect(obstacles.contains { $0.contains(word) }, "\(word)") }
        #expect(obstacles.count == words.count)
    }

    @Test func `lengths may differ by two percent`() {
        var other = Samples.whole
        other.tokens.meanOutput = (other.tokens.meanOutput ?? 0) * 1.019
        #expect(Comparison(before: Samples.whole, after: other).obstacles.isEmpty)
    }

    @Test func `damaged parts take the interval and not the run`() throws {
        var other = Self.slower
        for index in other.parts.indices { other.parts[index].histograms["ttft"] = "nonsense" }
        #expect(try row("ttft p50", Comparison(before: Samples.whole, after: other)).judgement == .unknown)
    }

    @Test func `the terminal's comparison has its golden form`() throws {
        try Golden.expect(
            TextComparison.render(Comparison(before: Samples.whole, after: Self.slower)), "load/comparison.txt")
    }

    @Test func `the page says whether, and what, and escapes names`() {
        var other = Self.slower
        other.run.label = "<script>"
        let page = HTMLComparison.render(Comparison(before: Samples.whole, after: other))
        #expect(page.contains("Beyond noise: ttft p50") && page.contains("<svg ") && !page.contains("<script>"))
        other.plan.dataset = "<b>"
        let refused = HTMLComparison.render(Comparison(before: Samples.whole, after: other))
        #expect(refused.contains("Not comparable") && !refused.contains("<b>.") && refused.contains("&lt;b&gt;"))
    }
}
