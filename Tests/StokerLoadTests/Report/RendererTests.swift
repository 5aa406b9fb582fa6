import StokerLoad
import Testing

@Suite struct RendererTests {
    /// A report in which everything that can be shown is there.
    static let full: LoadReport? = {
        let objective = Objective(ttft: 70 * Samples.ms, tpot: 11 * Samples.ms)
        var tally = Samples.tally(objective: objective)
        for second in 100..<141 {
            tally.record(
                Samples.failure(.rateLimited, at: Int64(second) * Samples.second), sample: "<script>alert(1)</script>")
        }
        for second in 0..<20 { tally.record(Samples.answer(at: Int64(second) * Samples.second), isWarmUp: true) }
        for _ in 0..<50 { tally.client.loopLag.record(4 * Samples.ms) }
        var plan = Samples.plan(warmUp: 0, model: "<script>alert('model')</script>", objective: objective)
        plan.stop.warmUp = 0
        var run = Samples.run()
        run.label = "a \"quoted\" & <b>bold</b> label"
        run.metadata = ["<i>": "</script><script>x"]
        run.isCoLocated = true
        guard var report = try? Samples.report(tally, plan: plan, run: run, thresholds: ["ttft.p99<2s", "errors<1%"])
        else { return nil }
        report.sweep = [1, 2, 4].map { level in
            SweepStep(report, level: level, unit: "<req>/s", isWithin: level < 3)
        }
        return report
    }()

    @Test func `the terminal's report has its golden form`() throws {
        let report = try #require(Self.full)
        try Golden.expect(TextReport.render(report), "load/report.txt")
    }

    @Test func `vLLM's summary has its golden form`() throws {
        let report = try #require(Self.full)
        try Golden.expect(VLLMFigures(report).text(report), "load/vllm.txt")
    }

    @Test func `the table of measures has its golden form`() throws {
        try Golden.expect(CSVReport.measures(Samples.whole), "load/measures.csv")
    }

    @Test func `colour adds nothing but colour`() throws {
        let report = try #require(Self.full)
        let coloured = TextReport.render(report, isColoured: true)
        #expect(coloured.replacing(#/\u{1B}\[[0-9;]*m/#, with: "") == TextReport.render(report))
    }

    @Test func `a narrow terminal cuts definitions and no number`() throws {
        let report = try #require(Self.full)
        let narrow = TextReport.render(report, width: 80)
        #expect(narrow.contains("n<6,636") && !narrow.contains("first token that is not reasoning"))
    }

    @Test func `control characters from outside do not reach the terminal`() throws {
        var report = try #require(Self.full)
        report.errors[0].sample = "\u{1B}]0;owned\u{7}"
        report.run.id = "\u{1B}[2J"
        report.plan.model = "\u{1B}[31m"
        #expect(!TextReport.render(report).contains("\u{1B}"))
    }

    @Test func `a run in which nothing succeeded says so in every form`() throws {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.failure(.refused, at: 0), sample: "refused")
        let report = try Samples.report(tally)
        #expect(TextReport.render(report).contains("no request succeeded"))
        #expect(try HTMLReport.render(report).contains("No request succeeded"))
        #expect(CSVReport.measures(report).split(separator: "\r\n").count == 1)
        #expect(try report.json().contains("\"exit_status\" : 1"))
    }

    @Test func `the timeline's table has a row for each bin`() {
        let lines = CSVReport.timeline(Samples.whole).split(separator: "\r\n")
        #expect(lines.count == Samples.whole.timeline.bins.count + 1)
        #expect(lines[1].hasPrefix("0.000,1.000,10,10,"))
    }
}

@Suite struct HTMLReportTests {
    private func page() throws -> String { try HTMLReport.render(try #require(RendererTests.full)) }

    @Test func `nothing from outside becomes markup`() throws {
        let page = try page()
        #expect(!page.contains("<script>alert") && !page.contains("<b>bold") && !page.contains("<req>"))
        #expect(!page.contains("</script><script>x") && !page.contains("<i>"))
        #expect(page.contains("&lt;script&gt;alert(&#39;model&#39;)"))
        // The one script is data, and ends where it should.
        #expect(page.ranges(of: "<script").count == 1 && page.ranges(of: "</script>").count == 1)
    }

    @Test func `it needs no network`() throws {
        let page = try page().replacing("http://gw:8080", with: "")
        #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("url("))
        #expect(!page.contains("<link") && !page.contains("<img") && !page.contains("@import"))
    }

    @Test(arguments: [
        "Can the measurement be believed?", "Latencies", "Distributions", "The run&#39;s course",
        "Objective and thresholds", "How requests ended", "Saturation", "What was run",
    ])
    func `it has a section for each question`(title: String) throws {
        let page = try page()
        #expect(page.contains("<h2>\(title)</h2>") || page.contains("<h2>\(title.replacing("&#39;", with: "'"))</h2>"))
    }

    @Test func `every plot says in words what it shows`() throws {
        let page = try page()
        let plots = page.ranges(of: "<svg ").count
        #expect(plots >= 10)
        #expect(page.ranges(of: "<desc>").count == plots && page.ranges(of: "role=\"img\"><title>").count == plots)
    }

    @Test func `every tag that opens closes`() throws {
        let page = try page()
        for tag in ["div", "table", "tr", "td", "th", "figure", "svg", "text", "dl", "p", "ul", "li", "code", "span"] {
            let opened = page.ranges(of: "<\(tag)>").count + page.ranges(of: "<\(tag) ").count
            #expect(opened == page.ranges(of: "</\(tag)>").count, "\(tag)")
        }
    }

    @Test func `no coordinate is no number`() throws {
        let page = try page()
        #expect(!page.contains("nan") && !page.contains("\"-\"") && !page.contains("inf\""))
    }

    @Test func `the report rides along`() throws {
        let page = try page()
        let start = try #require(page.firstRange(of: "id=\"report\">")).upperBound
        let end = try #require(page.firstRange(of: "</script>")).lowerBound
        #expect(throws: Never.self) { try LoadReport(parsing: Array(page[start..<end].utf8)) }
    }

    @Test(arguments: 0...3)
    func `small and empty runs are drawn too`(requests: Int) throws {
        var tally = Samples.tally(requests: requests)
        tally.client = ClientFacts()
        let page = try HTMLReport.render(try Samples.report(tally))
        #expect(page.hasSuffix("</html>\n"))
    }
}
