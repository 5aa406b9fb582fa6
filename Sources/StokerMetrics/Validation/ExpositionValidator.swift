/// Finds what is wrong with a page of metrics, ours or an engine's.
///
/// `promtool check metrics` (2.42) does not notice unsorted `le`, shrinking buckets, a missing `+Inf`, a NaN sum or a
/// stray `# EOF`, and a scraper may take the page with all of them and then show wrong percentiles.
package struct ExpositionValidator {
    /// One fault, with the line it is on, from 1.
    package struct Finding: Sendable, Equatable, CustomStringConvertible {
        package var line: Int
        package var message: String

        package var description: String { "line \(line): \(message)" }
    }

    /// Whether to ask also for what only our own pages promise: sorted families and series, canonical `le`, no
    /// timestamps, OpenMetrics' metadata in one order.
    private let isOurs: Bool
    private let format: ExpositionFormat
    private var findings: [Finding] = []
    private var line = 0
    private var family: FamilyUnderTest?
    private var closed: Set<String> = []
    private var lastName = ""
    private var hasEnded = false

    private init(format: ExpositionFormat, isOurs: Bool) {
        self.format = format
        self.isOurs = isOurs
    }

    /// Everything that is wrong with the page, in the order of its lines; empty when it is clean.
    package static func findings(in page: [UInt8], as format: ExpositionFormat, isOurs: Bool = true) -> [Finding] {
        var validator = ExpositionValidator(format: format, isOurs: isOurs)
        validator.check(page)
        return validator.findings
    }

    private mutating func report(_ message: String) { findings.append(Finding(line: line, message: message)) }

    private mutating func check(_ page: [UInt8]) {
        var lines = page.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true {
            lines.removeLast()
        } else {
            line = lines.count
            report("the page does not end with a line feed")
        }
        for bytes in lines {
            line += 1
            check(line: Array(bytes))
        }
        close()
        if format == .openMetrics && !hasEnded { report("no # EOF at the end") }
    }

    private mutating func check(line bytes: [UInt8]) {
        if hasEnded { report("something behind # EOF") }
        if String(validating: bytes, as: UTF8.self) == nil { return report("not UTF-8") }
        if bytes.contains(UInt8(ascii: "\r")) { report("a carriage return") }
        do {
            take(try LineReader.read(bytes))
        } catch {
            report(error.message)
        }
    }

    private mutating func take(_ content: ExpositionLine) {
        switch content {
        case .blank: if format == .openMetrics { report("a blank line") }
        case .comment: if format == .openMetrics { report("a comment") }
        case .end:
            if format == .openMetrics { hasEnded = true } else { report("# EOF is no part of 0.0.4") }
        case .help(let name, _): describe(name, .help, "")
        case .unit(let name, let unit): describe(name, .unit, unit)
        case .type(let name, let kind): describe(name, .type, kind)
        case .sample(let sample): take(sample)
        }
    }

    private mutating func describe(_ name: String, _ part: FamilyUnderTest.Metadata, _ value: String) {
        if family?.name != name { open(name) }
        for message in family?.describe(part, value, format: format, isOurs: isOurs) ?? [] { report(message) }
    }

    private mutating func take(_ sample: ExpositionLine.Sample) {
        if family?.owns(sample.name, in: format) != true { open(sample.name) }
        if sample.hasTimestamp && isOurs { report("a timestamp on \(sample.name)") }
        for message in family?.take(sample, format: format, isOurs: isOurs) ?? [] { report(message) }
    }

    private mutating func open(_ name: String) {
        close()
        if closed.contains(name) { report("\(name) comes back after another family: its lines are interleaved") }
        let order = Self.order(of: name)
        if isOurs && order < lastName { report("\(name) comes after \(lastName): families are not sorted") }
        lastName = order
        family = FamilyUnderTest(name: name)
    }

    /// What families are sorted by: the name that OpenMetrics gives them, so that both formats have one order.
    private static func order(of name: String) -> String {
        for suffix in ["_total", "_info"] where name.hasSuffix(suffix) { return String(name.dropLast(suffix.count)) }
        return name
    }

    private mutating func close() {
        guard let family else { return }
        for message in family.finish(isOurs: isOurs) { report(message) }
        closed.insert(family.name)
        self.family = nil
    }
}
