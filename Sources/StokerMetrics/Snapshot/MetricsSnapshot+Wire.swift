extension MetricsSnapshot {
    /// Media type of the wire form.
    package static let wireContentType = "application/vnd.stoker.metrics"
    /// `SMS` and the version of the form.
    ///
    /// The two ends may be of different builds during an upgrade.
    private static let magic = Array("SMS1".utf8)

    /// The compact form in which one process of Stoker hands its metrics to another.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        for byte in Self.magic { writer.write(byte: byte) }
        writer.write(count: families.count)
        for family in families { family.encode(into: &writer) }
        return writer.bytes
    }

    /// Reads the wire form.
    ///
    /// What it returns keeps every rule that a registry would have kept, whoever made the bytes.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        for expected in Self.magic where try reader.byte() != expected { throw .notASnapshot }
        let families = try reader.list { (reader) throws(WireError) in try Family(from: &reader) }
        guard reader.remaining == 0 else { throw .malformed(at: reader.position, "bytes after the end") }
        guard zip(families, families.dropFirst()).allSatisfy({ $0.openName < $1.openName }) else {
            throw .malformed(at: reader.position, "families out of order")
        }
        self.init(families: families)
    }
}

extension MetricsSnapshot.Family {
    fileprivate func encode(into writer: inout WireWriter) {
        writer.write(name)
        writer.write(help)
        writer.write(byte: kind.rawValue)
        writer.write(count: labels.count)
        for label in labels { writer.write(label) }
        writer.write(count: series.count)
        for series in series {
            for label in series.labels { writer.write(label) }
            series.value.encode(into: &writer)
        }
    }

    fileprivate init(from reader: inout WireReader) throws(WireError) {
        let name = try reader.text()
        let help = try reader.text()
        guard let kind = MetricsSnapshot.Kind(rawValue: try reader.byte()) else {
            throw .malformed(at: reader.position, "unknown kind")
        }
        let labels = try reader.list { (reader) throws(WireError) in try reader.text() }
        do {
            try MetricName.check(name, kind: kind)
            try MetricName.check(labels: labels, of: name, kind: kind)
        } catch { throw .malformed(at: reader.position, "\(error)") }
        let series = try reader.list { (reader) throws(WireError) in
            var values: [String] = []
            for _ in labels {
                let value = try reader.text()
                guard value == LabelValue.clean(value) else {
                    throw .malformed(at: reader.position, "an unclean label")
                }
                values.append(value)
            }
            return MetricsSnapshot.Series(labels: values, value: try .init(from: &reader, kind: kind))
        }
        guard zip(series, series.dropFirst()).allSatisfy({ $0.labels.lexicographicallyPrecedes($1.labels) }) else {
            throw .malformed(at: reader.position, "series of \(name) out of order")
        }
        self.init(name: name, help: help, kind: kind, labels: labels, series: series)
    }
}

extension MetricsSnapshot.Value {
    fileprivate func encode(into writer: inout WireWriter) {
        switch self {
        case .number(let number):
            writer.write(number)
        case .histogram(let distribution):
            writer.write(count: distribution.edges.count)
            for edge in distribution.edges { writer.write(edge) }
            for count in distribution.counts { writer.write(count) }
            writer.write(distribution.sum)
            writer.write(count: distribution.exemplars.count)
            for (bucket, marked) in distribution.exemplars.sorted(by: { $0.key < $1.key }) {
                writer.write(count: bucket)
                writer.write(marked.exemplar.label)
                writer.write(marked.exemplar.id)
                writer.write(marked.value)
            }
        }
    }

    fileprivate init(from reader: inout WireReader, kind: MetricsSnapshot.Kind) throws(WireError) {
        if kind == .histogram {
            self = .histogram(try .init(from: &reader))
            return
        }
        let number = try reader.double()
        guard kind != .counter || (number.isFinite && number >= 0) else {
            throw .malformed(at: reader.position, "a counter of \(number)")
        }
        guard kind != .info || number == 1 else { throw .malformed(at: reader.position, "an info of \(number)") }
        self = .number(number)
    }
}

extension MetricsSnapshot.Distribution {
    fileprivate init(from reader: inout WireReader) throws(WireError) {
        let edges = try reader.list { (reader) throws(WireError) in try reader.double() }
        if let fault = Buckets(edges).fault { throw .malformed(at: reader.position, fault) }
        var counts: [UInt64] = []
        for _ in 0...edges.count { counts.append(try reader.number()) }
        let sum = try reader.double()
        guard sum.isFinite, sum >= 0 else { throw .malformed(at: reader.position, "a sum of \(sum)") }
        self.init(edges: edges, counts: counts, sum: sum)
        let marked = try reader.list { (reader) throws(WireError) in
            (try reader.count(), try Exemplar(label: reader.text(), id: reader.text()), try reader.double())
        }
        for (bucket, exemplar, value) in marked {
            guard let exemplar, bucket < counts.count, value <= (bucket < edges.count ? edges[bucket] : .infinity),
                value.isFinite, bucket == 0 || value > edges[bucket - 1], exemplars[bucket] == nil
            else { throw .malformed(at: reader.position, "an exemplar outside its bucket") }
            exemplars[bucket] = .init(exemplar: exemplar, value: value)
        }
    }
}
