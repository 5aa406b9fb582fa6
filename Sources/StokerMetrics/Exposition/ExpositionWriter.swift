extension MetricsSnapshot {
    /// The page that a scraper reads.
    ///
    /// Equal snapshots give equal bytes.
    package func exposition(_ format: ExpositionFormat) -> [UInt8] {
        var writer = ExpositionWriter(format: format)
        for family in families where !family.series.isEmpty { writer.write(family) }
        return writer.finished()
    }
}

/// Builds a page family by family.
struct ExpositionWriter {
    private let format: ExpositionFormat
    private var page: [UInt8] = []

    init(format: ExpositionFormat) {
        self.format = format
        page.reserveCapacity(64 << 10)
    }

    consuming func finished() -> [UInt8] {
        if format == .openMetrics { put("# EOF\n") }
        return page
    }

    mutating func write(_ family: MetricsSnapshot.Family) {
        writeHead(of: family)
        switch family.kind {
        case .histogram: writeHistograms(of: family)
        case .counter, .gauge, .info: writeNumbers(of: family)
        }
    }

    private mutating func writeHead(of family: MetricsSnapshot.Family) {
        switch format {
        case .text004:
            put("# HELP \(family.name) ")
            putEscaped(family.help, quotes: false)
            put("\n# TYPE \(family.name) \(family.kind == .info ? "gauge" : "\(family.kind)")\n")
        case .openMetrics:
            let name = family.openName
            put("# TYPE \(name) \(family.kind)\n")
            if let unit = family.unit { put("# UNIT \(name) \(unit)\n") }
            put("# HELP \(name) ")
            putEscaped(family.help, quotes: true)
            put("\n")
        }
    }

    private mutating func writeNumbers(of family: MetricsSnapshot.Family) {
        for series in family.series {
            guard case .number(let value) = series.value else { continue }
            put(family.name)
            putLabels(family.labels, series.labels)
            put(value)
        }
    }

    private mutating func writeHistograms(of family: MetricsSnapshot.Family) {
        for series in family.series {
            guard case .histogram(let distribution) = series.value else { continue }
            let edges = distribution.edges.map(NumberText.edge) + ["+Inf"]
            var total: UInt64 = 0
            for (bucket, count) in distribution.counts.enumerated() {
                total &+= count
                put(family.name)
                put("_bucket")
                putLabels(family.labels, series.labels, edge: edges[bucket])
                put(total, exemplar: distribution.exemplars[bucket])
            }
            put(family.name)
            put("_sum")
            putLabels(family.labels, series.labels)
            put(distribution.sum)
            put(family.name)
            put("_count")
            putLabels(family.labels, series.labels)
            put(total)
        }
    }

    private mutating func putLabels(_ names: [String], _ values: [String], edge: String? = nil) {
        if names.isEmpty && edge == nil { return }
        var opening = "{"
        for (name, value) in zip(names, values) {
            put(opening)
            put(name)
            put("=\"")
            putEscaped(value, quotes: true)
            opening = "\","
        }
        if let edge {
            put(opening)
            put("le=\"")
            put(edge)
        }
        put("\"}")
    }

    private mutating func put(_ value: Double) {
        page.append(UInt8(ascii: " "))
        NumberText.append(value, to: &page)
        page.append(UInt8(ascii: "\n"))
    }

    private mutating func put(_ value: UInt64, exemplar: MetricsSnapshot.Marked? = nil) {
        page.append(UInt8(ascii: " "))
        NumberText.append(value, to: &page)
        if let exemplar, format == .openMetrics {
            put(" # ")
            putLabels([exemplar.exemplar.label], [exemplar.exemplar.id])
            put(exemplar.value)
        } else {
            page.append(UInt8(ascii: "\n"))
        }
    }

    private mutating func put(_ text: String) { page.append(contentsOf: text.utf8) }

    /// Backslash and line feed always, quotes where the format wants it.
    ///
    /// Carriage returns were taken out before; in a help text they become spaces, as some parsers end a line there.
    private mutating func putEscaped(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): put("\\\\")
            case UInt8(ascii: "\n"): put("\\n")
            case UInt8(ascii: "\r"): put(" ")
            case UInt8(ascii: "\"") where quotes: put("\\\"")
            default: page.append(byte)
            }
        }
    }
}

extension MetricsSnapshot.Family {
    /// The family's name in OpenMetrics: a counter without `_total`, an info without `_info`.
    package var openName: String { Self.openName(name, kind) }

    static func openName(_ name: String, _ kind: MetricsSnapshot.Kind) -> String {
        switch kind {
        case .counter: String(name.dropLast("_total".count))
        case .info: String(name.dropLast("_info".count))
        case .gauge, .histogram: name
        }
    }

    /// The unit that the name ends in; nil when it counts things.
    package var unit: String? {
        guard kind != .info else { return nil }
        let units = ["seconds", "bytes", "ratio", "celsius", "joules", "watts", "hertz", "volts", "amperes"]
        return units.first { openName.hasSuffix("_" + $0) }
    }
}
