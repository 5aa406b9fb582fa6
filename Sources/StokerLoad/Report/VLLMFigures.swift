/// The run as `vllm bench serve` would have counted it: its names, its clock, its throughput.
///
/// Latencies count from the actual send, what it calls ITL are gaps between events, throughput is over the whole run
/// with its last answers' tail, and percentiles are given whatever their sample. For dashboards and scripts that read
/// its files.
package struct VLLMFigures: Sendable, Equatable, Encodable {
    /// In the order of its own output, names as in its JSON.
    package let latencies: [(name: String, measure: Measure)] = [
        ("ttft", .ttftService), ("tpot", .tpot), ("itl", .icl), ("e2el", .e2eService),
    ]
    package let values: [String: Double]
    package let counts: [String: Int]

    package init(_ report: LoadReport) {
        let duration = Double(max(1, report.window.lastEnd - report.window.start)) / 1e9
        let tokens = report.tokens
        var values = [
            "duration": duration,
            "request_throughput": Double(report.counts.ok) / duration,
            "request_goodput": Double(report.counts.good) / duration,
            "output_throughput": Double(tokens.output) / duration,
            "total_token_throughput": Double(tokens.input + tokens.output) / duration,
        ]
        for (name, measure) in latencies {
            guard let distribution = report.distribution(of: measure) else { continue }
            values["mean_\(name)_ms"] = distribution.mean
            values["median_\(name)_ms"] = distribution.value(at: 0.5)
            values["std_\(name)_ms"] = distribution.deviation
            values["p99_\(name)_ms"] = distribution.value(at: 0.99)
        }
        self.values = values
        counts = [
            "completed": report.counts.ok, "failed": report.counts.bad, "total_input_tokens": tokens.input,
            "total_output_tokens": tokens.output,
        ]
    }

    package static func == (left: VLLMFigures, right: VLLMFigures) -> Bool {
        left.values == right.values && left.counts == right.counts
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in values { try container.encode(value, forKey: Key(name)) }
        for (name, count) in counts { try container.encode(count, forKey: Key(name)) }
    }

    /// Its summary, line by line as it prints it.
    package func text(_ report: LoadReport) -> String {
        var lines = [Self.centred(" Serving Benchmark Result ", "=")]
        lines.append(Self.line("Successful requests:", "\(report.counts.ok)"))
        lines.append(Self.line("Failed requests:", "\(report.counts.bad)"))
        if let target = report.rates.target { lines.append(Self.line("Request rate configured (RPS):", target)) }
        let rates = [
            ("Benchmark duration (s):", "duration"), ("Request throughput (req/s):", "request_throughput"),
            ("Request goodput (req/s):", "request_goodput"), ("Output token throughput (tok/s):", "output_throughput"),
            ("Total token throughput (tok/s):", "total_token_throughput"),
        ]
        lines.append(Self.line(rates[0].0, values[rates[0].1] ?? 0))
        lines.append(Self.line("Total input tokens:", "\(report.tokens.input)"))
        lines.append(Self.line("Total generated tokens:", "\(report.tokens.output)"))
        for (title, name) in rates.dropFirst() where name != "request_goodput" || !report.objective.isEmpty {
            lines.append(Self.line(title, values[name] ?? 0))
        }
        let titles = [
            "Time to First Token", "Time per Output Token (excl. 1st token)", "Inter-token Latency",
            "End-to-end Latency",
        ]
        for (title, name) in zip(titles, latencies.map(\.name)) {
            lines.append(Self.centred(title, "-"))
            for (word, key) in [("Mean", "mean"), ("Median", "median"), ("P99", "p99")] {
                guard let value = values["\(key)_\(name)_ms"] else { continue }
                lines.append(Self.line("\(word) \(name.uppercased()) (ms):", value))
            }
        }
        return (lines + [String(repeating: "=", count: 50)]).joined(separator: "\n") + "\n"
    }

    private static func line(_ title: String, _ value: Double) -> String { line(title, Figure.plain(value, 2)) }

    private static func line(_ title: String, _ value: String) -> String {
        title + String(repeating: " ", count: max(1, 41 - title.count)) + value
    }

    private static func centred(_ title: String, _ fill: Character) -> String {
        let left = (50 - title.count) / 2
        return String(repeating: fill, count: left) + title + String(repeating: fill, count: 50 - title.count - left)
    }
}
