/// A family while the validator reads it: what its metadata said and which samples came.
struct FamilyUnderTest {
    /// The lines that describe a family, in the order in which OpenMetrics pages of ours have them.
    enum Metadata: Int {
        case type, unit, help
    }

    let name: String
    private var kind: String?
    private var seen: [Metadata] = []
    private var hasSamples = false
    /// Each series as it is told apart: sample name and labels.
    private var identities: Set<[String]> = []
    private var lastLabels: [String]?
    private var labelNames: [String]?
    private var histograms: [HistogramUnderTest] = []

    init(name: String) { self.name = name }

    /// Whether a sample of this name belongs to the family.
    func owns(_ sample: String, in format: ExpositionFormat) -> Bool {
        if sample == name { return true }
        guard sample.hasPrefix(name), let kind else { return false }
        return suffixes(of: kind, in: format).contains(String(sample.dropFirst(name.count)))
    }

    private func suffixes(of kind: String, in format: ExpositionFormat) -> [String] {
        switch (kind, format) {
        case ("histogram", .text004): ["_bucket", "_sum", "_count"]
        case ("histogram", .openMetrics): ["_bucket", "_sum", "_count", "_created"]
        case ("summary", .text004): ["", "_sum", "_count"]
        case ("summary", .openMetrics): ["", "_sum", "_count", "_created"]
        case ("gaugehistogram", .openMetrics): ["_bucket", "_gsum", "_gcount"]
        case ("counter", .openMetrics): ["_total", "_created"]
        case ("info", .openMetrics): ["_info"]
        default: [""]
        }
    }

    /// Takes a line of metadata in; returns what is wrong with it.
    mutating func describe(
        _ part: Metadata, _ value: String, format: ExpositionFormat, isOurs: Bool
    ) -> [String] {
        var faults: [String] = []
        if seen.contains(part) { faults.append("\(part) of \(name) is given twice") }
        if hasSamples { faults.append("\(part) of \(name) comes after its samples") }
        if isOurs && format == .openMetrics, let last = seen.last, last.rawValue > part.rawValue {
            faults.append("\(part) of \(name) comes after its \(last)")
        }
        seen.append(part)
        switch part {
        case .help: break
        case .unit:
            if format == .text004 { faults.append("UNIT is no part of 0.0.4") }
            if !value.isEmpty && !name.hasSuffix("_\(value)") { faults.append("\(name) does not end in its unit") }
        case .type:
            kind = value
            if !Self.kinds(of: format).contains(value) { faults.append("\(value) is no type of this format") }
        }
        return faults
    }

    private static func kinds(of format: ExpositionFormat) -> [String] {
        switch format {
        case .text004: ["counter", "gauge", "histogram", "summary", "untyped"]
        case .openMetrics:
            ["counter", "gauge", "histogram", "summary", "unknown", "info", "stateset", "gaugehistogram"]
        }
    }

    /// Takes a sample in; returns what is wrong with it.
    mutating func take(_ sample: ExpositionLine.Sample, format: ExpositionFormat, isOurs: Bool) -> [String] {
        hasSamples = true
        guard let kind else { return isOurs ? ["\(sample.name) has no TYPE before it"] : [] }
        var faults = checkLabels(of: sample, isOurs: isOurs)
        if !suffixes(of: kind, in: format).contains(String(sample.name.dropFirst(name.count))) {
            faults.append("\(sample.name) is no sample of a \(kind)")
        }
        let isCount = kind == "counter" && !sample.name.hasSuffix("_created")
        if isCount && !(sample.value.isFinite && sample.value >= 0) {
            faults.append("counter \(sample.name) is \(sample.valueText)")
        }
        if kind == "info" && sample.value != 1 { faults.append("info \(sample.name) is not 1") }
        if kind == "histogram" { faults += takeHistogram(sample, isOurs: isOurs) }
        if let exemplar = sample.exemplar { faults += check(exemplar, of: sample, format: format) }
        return faults
    }

    private mutating func checkLabels(of sample: ExpositionLine.Sample, isOurs: Bool) -> [String] {
        var faults: [String] = []
        let names = sample.labels.map(\.name)
        if Set(names).count < names.count { faults.append("a label of \(sample.name) is given twice") }
        let key = [sample.name] + sample.labels.sorted { $0.name < $1.name }.flatMap { [$0.name, $0.value] }
        if !identities.insert(key).inserted { faults.append("\(sample.name) has the same labels twice") }
        guard isOurs else { return faults }
        let own = sample.identity
        if let labelNames, labelNames != own.map(\.name) {
            faults.append("\(sample.name) has other labels than before")
        }
        labelNames = own.map(\.name)
        let values = own.map(\.value)
        if let lastLabels, values.lexicographicallyPrecedes(lastLabels) {
            faults.append("series of \(name) are not sorted")
        }
        lastLabels = values
        return faults
    }

    private mutating func takeHistogram(_ sample: ExpositionLine.Sample, isOurs: Bool) -> [String] {
        if histograms.last?.labels != sample.identity {
            if histograms.contains(where: { $0.labels == sample.identity }) {
                return ["histogram \(name): the lines of one label set are not together"]
            }
            histograms.append(HistogramUnderTest(labels: sample.identity))
        }
        let part = String(sample.name.dropFirst(name.count))
        return histograms[histograms.count - 1].take(part, sample, isOurs: isOurs).map { "histogram \(name): \($0)" }
    }

    private func check(
        _ exemplar: ExpositionLine.ExemplarText, of sample: ExpositionLine.Sample, format: ExpositionFormat
    ) -> [String] {
        var faults: [String] = []
        if format == .text004 { faults.append("an exemplar is no part of 0.0.4") }
        if !sample.name.hasSuffix("_bucket") && !sample.name.hasSuffix("_total") {
            faults.append("an exemplar on \(sample.name)")
        }
        let length = exemplar.labels.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
        if length > Exemplar.maximumLength { faults.append("an exemplar of \(length) code points") }
        if let edge = sample.label("le").flatMap(LineReader.number), exemplar.value > edge {
            faults.append("an exemplar above its bucket")
        }
        return faults
    }

    /// What shows only when the family is complete.
    func finish(isOurs: Bool) -> [String] {
        var faults = histograms.flatMap { $0.finish() }.map { "histogram \(name): \($0)" }
        if kind == nil && isOurs && !hasSamples { faults.append("\(name) is described but has no TYPE") }
        return faults
    }
}
