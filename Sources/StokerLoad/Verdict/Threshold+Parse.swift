extension Threshold {
    private static let example = "try: 'ttft.p99<2s', 'p95(tpot)<=80ms', 'errors.rate<1%', 'goodput>10'"

    /// Reads `subject comparison bound`; spaces do not matter.
    ///
    /// - Throws: what is wrong, with examples.
    package init(parsing text: String) throws(LoadError) {
        let packed = String(text.filter { $0 != " " }.prefix(200))
        guard let start = packed.firstIndex(where: { "<>".contains($0) }),
            let comparison = Comparison.allCases.first(where: { packed[start...].hasPrefix($0.rawValue) })
        else { throw Self.error(text, "has no <, <=, > or >=") }
        let bound = packed[start...].dropFirst(comparison.rawValue.count)
        let subject = try Self.subject(String(packed[..<start]), of: text)
        self.init(
            text: text, subject: subject, comparison: comparison,
            bound: try Self.bound(String(bound), for: subject, of: text))
    }

    private static func error(_ text: String, _ what: String) -> LoadError {
        LoadError("threshold '\(text)' \(what); \(example)")
    }

    /// `p99(ttft)` and `ttft.p99` are the same, and so are `rate(errors)` and `errors.rate`.
    private static func subject(_ words: String, of text: String) throws(LoadError) -> Subject {
        var name = words
        var function = ""
        if words.hasSuffix(")"), let open = words.firstIndex(of: "(") {
            function = String(words[..<open])
            name = String(words[words.index(after: open)...].dropLast())
        } else if let dot = words.firstIndex(of: ".") {
            name = String(words[..<dot])
            function = String(words[words.index(after: dot)...])
        }
        switch (name, function) {
        case ("errors", "rate"), ("errors", ""), ("error_rate", ""): return .errorRate
        case ("goodput", ""), ("goodput", "rate"): return .goodput
        case ("attainment", ""): return .attainment
        case ("rps", ""), ("requests", "rate"): return .requestRate
        case ("output_tps", ""), ("tokens", "rate"): return .tokenRate
        default: break
        }
        guard let measure = measure(named: name) else { throw error(text, "is about '\(name)', which is not measured") }
        guard let subject = latency(measure, function) else {
            throw error(text, "needs a function of \(name): p50 to p99.99, mean, min or max")
        }
        return subject
    }

    private static func measure(named name: String) -> Measure? {
        switch name {
        case "itl": .icl
        case "e2el": .e2e
        default: Measure(rawValue: name)
        }
    }

    private static func latency(_ measure: Measure, _ function: String) -> Subject? {
        switch function {
        case "mean", "avg": return .mean(measure)
        case "med", "median": return .quantile(measure, 0.5)
        case "min": return .least(measure)
        case "max": return .most(measure)
        default: break
        }
        guard function.first == "p", let percent = Double(function.dropFirst()), percent > 0, percent < 100 else {
            return nil
        }
        // Rounded, so that 99.9 is the fraction that tables have.
        return .quantile(measure, (percent * 1e6).rounded() / 1e8)
    }

    private static func bound(_ words: String, for subject: Subject, of text: String) throws(LoadError) -> Double {
        let digits = words.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(digits), value.isFinite else { throw error(text, "has no number to compare with") }
        let unit = String(words.dropFirst(digits.count))
        guard let scale = scale(of: unit, for: subject) else { throw error(text, "has the unit '\(unit)'") }
        return value * scale
    }

    private static func scale(of unit: String, for subject: Subject) -> Double? {
        switch subject {
        case .quantile, .mean, .least, .most:
            // Without a unit: milliseconds, as vLLM and k6 have it.
            ["": 1, "us": 0.001, "µs": 0.001, "ms": 1, "s": 1000, "m": 60_000, "min": 60_000][unit]
        case .errorRate, .attainment: ["%": 0.01, "": 1][unit]
        case .goodput, .requestRate, .tokenRate: ["": 1, "/s": 1, "k": 1000][unit]
        }
    }
}
