/// The naming rules of Prometheus and of our list, checked when a metric is made.
enum MetricName {
    /// Refuses a name that a scraper or `promtool check metrics` would object to.
    static func check(_ name: String, kind: MetricsSnapshot.Kind) throws(MetricsError) {
        guard isIdentifier(name) else {
            throw .badName(name, reason: "a name is letters, digits and _, and does not begin with a digit")
        }
        switch kind {
        case .counter where !name.hasSuffix("_total"):
            throw .badName(name, reason: "a counter ends in _total")
        case .info where !name.hasSuffix("_info"):
            throw .badName(name, reason: "an info ends in _info")
        case .gauge, .histogram:
            for suffix in ["_total", "_count", "_sum", "_bucket", "_info", "_created"] where name.hasSuffix(suffix) {
                throw .badName(name, reason: "\(suffix) is kept for another kind")
            }
        case .counter, .info:
            break
        }
    }

    /// Refuses label names that are reserved, malformed or doubled.
    static func check(labels: [String], of metric: String, kind: MetricsSnapshot.Kind) throws(MetricsError) {
        var seen: Set<String> = []
        for label in labels {
            if !isLabel(label) {
                throw .badLabel(metric: metric, label: label, reason: "not a label name")
            }
            if label == "le" && kind == .histogram {
                throw .badLabel(metric: metric, label: label, reason: "le is the histogram's own")
            }
            if !seen.insert(label).inserted {
                throw .badLabel(metric: metric, label: label, reason: "given twice")
            }
        }
    }

    /// Whether this may name a label; two leading underscores are Prometheus' own.
    static func isLabel(_ text: String) -> Bool { isIdentifier(text) && !text.hasPrefix("__") }

    /// Whether this may name a metric of ours.
    ///
    /// A colon would be legal too, but it is kept for recording rules.
    static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, !isDigit(first) else { return false }
        return text.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "_") || isLetter($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
