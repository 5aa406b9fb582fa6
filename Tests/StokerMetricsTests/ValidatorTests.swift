import StokerCore
import StokerMetrics
import Testing

@Suite("The validator")
struct ValidatorTests {
    private func findings(
        _ page: String, _ format: ExpositionFormat = .text004, isOurs: Bool = true
    ) -> [String] {
        ExpositionValidator.findings(in: Array(page.utf8), as: format, isOurs: isOurs).map(\.description)
    }

    /// A histogram of three buckets with these lines in place of its usual ones.
    private func histogram(_ lines: String...) -> String {
        "# HELP h H.\n# TYPE h histogram\n" + lines.map { $0 + "\n" }.joined()
    }

    @Test("Pages of ours are clean", arguments: ExpositionFormat.allCases)
    func cleanPages(format: ExpositionFormat) throws {
        let page = String(decoding: try everyKind().exposition(format), as: UTF8.self)
        #expect(findings(page, format) == [])
        #expect(findings(page, format, isOurs: false) == [])
    }

    @Test("Faults of histograms that promtool does not see are found")
    func histograms() {
        #expect(
            findings(
                histogram(
                    "h_bucket{le=\"2.0\"} 1", "h_bucket{le=\"1.0\"} 1", "h_bucket{le=\"+Inf\"} 1", "h_sum 1",
                    "h_count 1"))
                == ["line 4: histogram h: le 1.0 does not ascend"])
        #expect(
            findings(
                histogram(
                    "h_bucket{le=\"1.0\"} 3", "h_bucket{le=\"2.0\"} 2", "h_bucket{le=\"+Inf\"} 3", "h_sum 1",
                    "h_count 3"))
                == ["line 4: histogram h: bucket 2.0 holds fewer than the one before"])
        #expect(
            findings(histogram("h_bucket{le=\"1.0\"} 3", "h_sum 1", "h_count 3")) == [
                "line 5: histogram h: no bucket +Inf"
            ])
        #expect(
            findings(histogram("h_bucket{le=\"+Inf\"} 3", "h_sum NaN", "h_count 3")) == [
                "line 4: histogram h: the sum is NaN"
            ])
        #expect(
            findings(histogram("h_bucket{le=\"+Inf\"} 3", "h_sum -1", "h_count 3")) == [
                "line 4: histogram h: the sum is -1"
            ])
        #expect(
            findings(histogram("h_bucket{le=\"+Inf\"} 3", "h_sum 1", "h_count 4")) == [
                "line 5: histogram h: +Inf holds 3.0, count is 4.0"
            ])
        #expect(findings(histogram("h_bucket{le=\"+Inf\"} 1.5", "h_sum 1", "h_count 1.5")).count == 2)
        #expect(
            findings(histogram("h_bucket{le=\"1\"} 1", "h_bucket{le=\"+Inf\"} 1", "h_sum 1", "h_count 1")) == [
                "line 3: histogram h: le 1 is not canonical"
            ])
        #expect(
            findings(histogram("h_bucket{le=\"x\"} 1", "h_bucket{le=\"+Inf\"} 1", "h_sum 1", "h_count 1")) == [
                "line 3: histogram h: a bucket without a le that is a number"
            ])
        #expect(findings(histogram("h_bucket{le=\"+Inf\"} 1", "h_count 1")) == ["line 4: histogram h: no sum"])
        #expect(findings(histogram("h_bucket{le=\"+Inf\"} 1", "h_sum 1")) == ["line 4: histogram h: no count"])
        #expect(
            findings(
                histogram(
                    "h_bucket{a=\"1\",le=\"+Inf\"} 1", "h_bucket{a=\"2\",le=\"+Inf\"} 1", "h_sum{a=\"1\"} 1",
                    "h_count{a=\"1\"} 1", "h_sum{a=\"2\"} 1", "h_count{a=\"2\"} 1"
                )
            ).contains("line 5: histogram h: the lines of one label set are not together"))
    }

    @Test(
        "Faults of a line are found",
        arguments: [
            ("a{x=\"1} 1", "expected a quote behind the label value"),
            ("a{x=\"\\t\"} 1", "a backslash that escapes nothing"),
            ("a{x=1} 1", "expected a quote before the label value"),
            ("a{x=\"1\" y=\"2\"} 1", "expected a comma between labels"),
            ("a{x=\"1\",} 1", " is not a label name"),
            ("a{9=\"1\"} 1", "9 is not a label name"),
            ("a{x=\"1\"}1", "expected a space before the value"),
            ("a", "expected a space before the value"),
            ("a one", "one is not a number"),
            ("a 0x10", "0x10 is not a number"),
            ("a infinity", "infinity is not a number"),
            ("a nan", "nan is not a number"),
            ("a 1,5", "1,5 is not a number"),
            ("a 1 soon", "soon is not a timestamp"),
            ("a 1 2 3", "expected an exemplar"),
            ("9a 1", "9a is not a metric name"),
            ("a{x=\"1\",x=\"2\"} 1", "a label of a is given twice"),
        ])
    func lines(line: String, expected: String) {
        #expect(findings("# HELP a A.\n# TYPE a gauge\n\(line)\n") == ["line 3: \(expected)"])
    }

    @Test(
        "Faults of a page in 0.0.4 are found",
        arguments: [
            ("# HELP a A.\n# TYPE a gauge\na 1", "line 3: the page does not end with a line feed"),
            ("# HELP a A.\n# TYPE a gauge\na 1\n# EOF\n", "line 4: # EOF is no part of 0.0.4"),
            ("# HELP a A.\n# TYPE a gauge\na 1\na 2\n", "line 4: a has the same labels twice"),
            ("# TYPE a gauge\n# TYPE a gauge\na 1\n", "line 2: type of a is given twice"),
            ("# TYPE a gauge\na 1\n# HELP a A.\n", "line 3: help of a comes after its samples"),
            ("# TYPE a_bytes gauge\n# UNIT a_bytes bytes\na_bytes 1\n", "line 2: UNIT is no part of 0.0.4"),
            ("# TYPE a info\na 1\n", "line 1: info is no type of this format"),
            ("# TYPE a counter\na -1\n", "line 2: counter a is -1"),
            ("# TYPE a counter\na NaN\n", "line 2: counter a is NaN"),
            ("a 1\n", "line 1: a has no TYPE before it"),
            ("# TYPE b gauge\nb 1\n# TYPE a gauge\na 1\n", "line 3: a comes after b: families are not sorted"),
            ("# TYPE a gauge\na{x=\"2\"} 1\na{x=\"1\"} 1\n", "line 3: series of a are not sorted"),
            ("# TYPE a gauge\na{x=\"2\"} 1\na{y=\"1\"} 1\n", "line 3: a has other labels than before"),
            ("# TYPE a gauge\na 1 1700000000\n", "line 2: a timestamp on a"),
            ("# TYPE a counter\na 1 # {x=\"y\"} 1\n", "line 2: an exemplar is no part of 0.0.4"),
            ("# TYPE a gauge\r\na 1\n", "line 1: a carriage return"),
            ("# TYPE\n", "line 1: TYPE without a metric name"),
            ("# HELP a A.\n", "line 1: a is described but has no TYPE"),
        ])
    func pages(page: String, expected: String) {
        #expect(findings(page).contains(expected), "\(findings(page))")
    }

    @Test(
        "Faults of a page in OpenMetrics are found",
        arguments: [
            ("# TYPE a gauge\na 1\n", "line 2: no # EOF at the end"),
            ("# TYPE a gauge\na 1\n# EOF\na 2\n", "line 4: something behind # EOF"),
            ("# TYPE a gauge\n\na 1\n# EOF\n", "line 2: a blank line"),
            ("# hello\n# EOF\n", "line 1: a comment"),
            ("# TYPE a counter\na 1\n# EOF\n", "line 2: a is no sample of a counter"),
            ("# TYPE a gauge\n# UNIT a bytes\na 1\n# EOF\n", "line 2: a does not end in its unit"),
            ("# HELP a A.\n# TYPE a gauge\na 1\n# EOF\n", "line 2: type of a comes after its help"),
            ("# TYPE a untyped\na 1\n# EOF\n", "line 1: untyped is no type of this format"),
            ("# TYPE a info\na_info{v=\"1\"} 2\n# EOF\n", "line 2: info a_info is not 1"),
            ("# TYPE a gauge\na 1 # {x=\"y\"} 1\n# EOF\n", "line 2: an exemplar on a"),
            (
                "# TYPE a histogram\na_bucket{le=\"1.0\"} 1 # {x=\"y\"} 1.5\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n"
                    + "# EOF\n", "line 2: an exemplar above its bucket"
            ),
            (
                "# TYPE a counter\na_total 1 # {x=\"\(String(repeating: "é", count: 128))\"} 1\n# EOF\n",
                "line 2: an exemplar of 129 code points"
            ),
            ("# TYPE a counter\na_total 1 # x 1\n# EOF\n", "line 2: an exemplar has labels"),
            ("# TYPE a counter\na_total 1 # {x=\"y\"} z\n# EOF\n", "line 2: z is not an exemplar's value"),
            ("# TYPE a counter\na_total 1 # {x=\"y\"} 1 z\n# EOF\n", "line 2: not an exemplar's timestamp"),
        ])
    func openMetricsPages(page: String, expected: String) {
        #expect(findings(page, .openMetrics).contains(expected), "\(findings(page, .openMetrics))")
    }

    @Test("Interleaved families are found")
    func interleaving() {
        let page = "# TYPE a gauge\na{x=\"1\"} 1\n# TYPE b gauge\nb 1\na{x=\"2\"} 2\n"
        #expect(
            findings(page, isOurs: false) == [
                "line 5: a comes back after another family: its lines are interleaved"
            ])
    }

    @Test("Bytes that are not UTF-8 are found, whatever they are")
    func invalidUTF8() {
        let page = Array("# TYPE a gauge\na{x=\"".utf8) + [0xC3, 0x28] + Array("\"} 1\n".utf8)
        #expect(ExpositionValidator.findings(in: page, as: .text004).map(\.description) == ["line 2: not UTF-8"])
    }

    @Test("A page of vLLM passes where only the format is asked for, and not as one of ours")
    func foreignPage() {
        let page = """
            # HELP vllm:num_requests_running Number of requests in model execution batches.
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{engine="0",model_name="m"} 2.0
            # HELP python_gc_objects_collected_total Objects collected during gc
            # TYPE python_gc_objects_collected_total counter
            python_gc_objects_collected_total{generation="0"} 1.037e+03
            # HELP vllm:e2e Latency.
            # TYPE vllm:e2e histogram
            vllm:e2e_bucket{le="0.3"} 1.0
            vllm:e2e_bucket{le="+Inf"} 1.0
            vllm:e2e_count 1.0
            vllm:e2e_sum 0.25
            # TYPE go_gc summary
            go_gc{quantile="0"} 1
            go_gc_sum 1
            go_gc_count 1 1700000000000

            untyped_thing 3

            """
        #expect(findings(page, isOurs: false) == [])
        #expect(findings(page).contains { $0.hasSuffix("families are not sorted") })
    }

    @Test("No bytes make it trap", arguments: 0..<8)
    func fuzz(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for format in ExpositionFormat.allCases {
            let original = try everyKind().exposition(format)
            for _ in 0..<60 {
                var bytes = original
                for _ in 0..<20 {
                    let index = Int.random(in: 0..<bytes.count, using: &random)
                    if Bool.random(using: &random) {
                        bytes[index] = UInt8.random(in: 0...255, using: &random)
                    } else {
                        bytes.remove(at: index)
                    }
                }
                _ = ExpositionValidator.findings(in: bytes, as: format)
            }
        }
    }
}
