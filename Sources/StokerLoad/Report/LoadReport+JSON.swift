extension LoadReport {
    /// The report as JSON, with vLLM's names beside ours.
    ///
    /// - Throws: when a number is not finite.
    package func json() throws(LoadError) -> String { try LoadJSON.pretty(Document(report: self)) + "\n" }

    /// The same without spaces, for a page to carry.
    func jsonLine() throws(LoadError) -> String { try LoadJSON.line(Document(report: self)) }

    /// Longer files are none of ours.
    package static let sizeLimit = 64 << 20

    /// Reads what `json()` wrote.
    ///
    /// - Throws: what is wrong with it; nothing that a file can say crashes.
    package init(parsing json: [UInt8]) throws(LoadError) {
        guard json.count <= Self.sizeLimit else { throw LoadError("the report is larger than 64 MiB") }
        let report = try LoadJSON.read(LoadReport.self, json)
        guard report.schema == Self.schemaName else {
            throw LoadError("the report is of '\(report.schema)', and this program reads '\(Self.schemaName)'")
        }
        let soundTimes = 0...(Nanoseconds(1) << 50)
        guard report.timeline.isSound, report.plan.isSound, report.parts.count <= Tally.maxParts,
            soundTimes.contains(report.window.start), soundTimes.contains(report.window.end),
            soundTimes.contains(report.window.lastEnd),
            report.window.start < report.window.end
        else { throw LoadError("the report holds numbers that no run can have") }
        self = report
    }

    private struct Document: Encodable {
        var report: LoadReport

        func encode(to encoder: any Encoder) throws {
            try report.encode(to: encoder)
            try VLLMFigures(report).encode(to: encoder)
        }
    }
}

extension Verdict {
    private enum Keys: CodingKey {
        case level, reasons
    }

    /// With the level, which readers of JSON should not have to work out.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(level, forKey: .level)
        try container.encode(reasons, forKey: .reasons)
    }
}
