import StokerLoad
import Testing

@Suite struct HistogramLogTests {
    private func log(_ tally: Tally = Samples.tally(requests: 400), shard: Shard = Shard()) -> HistogramLog {
        var plan = PlanFacts(Samples.plan())
        plan.shard = shard
        return HistogramLog(run: Samples.run(), plan: plan, tally: tally)
    }

    @Test func `what is written is read again, to the last count`() throws {
        var tally = Samples.tally(requests: 400)
        tally.record(Samples.failure(.reset, at: Samples.second), sample: "a \"quoted\"\nline, <b>")
        tally.record(Samples.failure(.censored, at: Samples.second))
        tally.record(Samples.answer(at: 0), isWarmUp: true)
        let log = log(tally)
        #expect(try HistogramLog(parsing: log.text()) == log)
    }

    @Test func `it is a log as HdrHistogram's tools read them`() throws {
        let lines = try log().text().split(separator: "\n")
        #expect(lines[0] == "#[Histogram log format version 1.3]")
        let data = lines.drop { $0.hasPrefix("#") || $0.hasPrefix("\"") }
        #expect(data.count > 80)
        for line in data {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            #expect(fields.count == 5 && fields[0].hasPrefix("Tag=") && fields[4].hasPrefix("HISTF"))
        }
    }

    @Test func `shards merged from their files are the run of one`() throws {
        let whole = Samples.tally(requests: 400)
        var left = Tally(partLength: whole.partLength)
        var right = left
        Samples.fillClient(of: &left)
        Samples.fillClient(of: &right)
        for number in 0..<200 {
            let record = Samples.answer(at: Int64(number) * Samples.second / 10)
            if number.isMultiple(of: 2) { left.record(record) } else { right.record(record) }
        }
        var direct = left
        direct.merge(right)
        let texts = [
            try log(left, shard: Shard(index: 0, count: 2)).text(),
            try log(right, shard: Shard(index: 1, count: 2)).text(),
        ]
        let merged = try HistogramLog.merged(try texts.map { try HistogramLog(parsing: $0) })
        #expect(merged.tally == direct)
        #expect(merged.plan.shard == Shard())
    }

    @Test func `what does not belong together is not merged`() throws {
        #expect(throws: LoadError.self) { try HistogramLog.merged([]) }
        let first = log(shard: Shard(index: 0, count: 2))
        #expect(throws: LoadError.self) { try HistogramLog.merged([first, first]) }
        var other = log(shard: Shard(index: 1, count: 2))
        other.plan.arrival = "another"
        #expect(throws: LoadError.self) { try HistogramLog.merged([first, other]) }
    }

    @Test func `one shard that was cut makes the whole incomplete`() throws {
        var second = log(shard: Shard(index: 1, count: 2))
        second.run.ending = .interrupted
        let merged = try HistogramLog.merged([log(shard: Shard(index: 0, count: 2)), second])
        #expect(merged.run.ending == .interrupted)
    }

    @Test(arguments: [
        ("#[stoker] {", "#[other] {"), ("stoker-load-log/1", "stoker-load-log/9"),
        ("\"part_length\":", "\"part_length\":-"), ("Tag=tpot,0.000", "Tag=tpot,999999.000"),
        ("Tag=tpot,0.000", "Tag=tpot,nan"), ("Tag=send_lag", "Tag=nothing"), ("HISTF", "HISTG"),
        ("\"scheduled\":400", "\"scheduled\":9223372036854775807"), ("\"scheduled\":400", "\"scheduled\":-9"),
        ("\"scheduled\":400", "\"scheduled\":\"many\""), ("\"bin_length\":", "\"bin_length\":-"),
        ("\"definition_version\":1", "\"definition_version\":2"), ("\"warm_up\":0}", "\"warm_up\":-1}"),
    ])
    func `what is not sound is an error`(part: String, replacement: String) throws {
        let text = try log().text()
        let damaged = text.replacing(part, with: replacement)
        #expect(damaged != text)
        #expect(throws: LoadError.self) { try HistogramLog(parsing: damaged) }
    }

    @Test func `a log that was cut anywhere is an error`() throws {
        let text = try log().text()
        let lines = text.split(separator: "\n")
        for count in stride(from: 0, to: lines.count, by: 7) {
            #expect(throws: LoadError.self) {
                try HistogramLog(parsing: lines[..<count].joined(separator: "\n"))
            }
        }
    }

    @Test func `exact figures are believed as far as the counts allow`() throws {
        let text = try log().text()
        let lies = text.replacing(#/"sum":[0-9.]+/#, with: "\"sum\":1e300")
            .replacing(#/"highest":[0-9]+/#, with: "\"highest\":18446744073709551615")
        #expect(lies != text)
        let read = try HistogramLog(parsing: lies)
        #expect((read.tally.total.latencies[.ttft].mean ?? .max) <= LatencyHistogram.highest)
    }
}
