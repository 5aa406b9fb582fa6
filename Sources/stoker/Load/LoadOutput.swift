import Foundation
import StokerCore
import StokerLoad

/// Writes a report in the forms that were asked for. Made before a run, so that a path that cannot be written is known
/// before somebody has waited for an hour.
struct LoadOutput {
    private let options: LoadOutputOptions

    /// - Throws: when a file cannot be written where it is to be.
    init(_ options: LoadOutputOptions) throws(LoadError) {
        self.options = options
        if let compat = options.compat, compat != "vllm" {
            throw LoadError("--compat: '\(SafeText.escaped(compat))' is not known; try --compat vllm")
        }
        if let directory = options.outputDir { try Self.make(directory) }
        let files = [
            ("--json", options.json), ("--csv", options.csv), ("--html", options.html), ("--hdr", options.hdr),
        ]
        for (flag, path) in files {
            guard let path, path != "-" else { continue }
            try Self.check(path, flag: flag)
        }
    }

    /// Whether standard output is JSON and nothing else may be there.
    var isJSONAlone: Bool { options.json == "-" }

    func write(_ report: LoadReport, log: HistogramLog? = nil) throws(LoadError) {
        let json = try report.json()
        if isJSONAlone { Terminal.write(json) } else { Terminal.write(text(report)) }
        if let path = options.json, path != "-" { try Self.write(json, to: path) }
        if let path = options.csv { try Self.write(CSVReport.measures(report), to: path) }
        if let path = options.html { try Self.write(try HTMLReport.render(report), to: path) }
        if let path = options.hdr, let log { try Self.write(try log.text(), to: path) }
        guard let directory = options.outputDir else { return }
        let plain = TextReport.render(report)
        try Self.write(json, to: "\(directory)/report.json")
        try Self.write(plain, to: "\(directory)/report.txt")
        try Self.write(try HTMLReport.render(report), to: "\(directory)/report.html")
        try Self.write(CSVReport.measures(report), to: "\(directory)/measures.csv")
        try Self.write(CSVReport.timeline(report), to: "\(directory)/timeline.csv")
        if let log { try Self.write(try log.text(), to: "\(directory)/report.hlog") }
    }

    private func text(_ report: LoadReport) -> String {
        let style = Terminal.style
        let text = TextReport.render(report, isColoured: style.isColoured, width: style.width)
        return options.compat == nil ? text : text + "\n" + VLLMFigures(report).text(report)
    }

    /// Writes a whole file or none: a dashboard must not read half a report.
    static func write(_ text: String, to path: String) throws(LoadError) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw LoadError("cannot write \(path): \(reason(error))")
        }
    }

    static func make(_ directory: String) throws(LoadError) {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw LoadError("cannot make the directory \(directory): \(reason(error))")
        }
        guard FileManager.default.isWritableFile(atPath: directory) else {
            throw LoadError("cannot write into \(directory): permission denied")
        }
    }

    private static func check(_ path: String, flag: String) throws(LoadError) {
        let url = URL(fileURLWithPath: path)
        let directory = url.deletingLastPathComponent().path
        var isDirectory = ObjCBool(false)
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory), isDirectory.boolValue {
            throw LoadError("\(flag): \(path) is a directory; name a file in it")
        }
        guard FileManager.default.isWritableFile(atPath: directory) else {
            throw LoadError("\(flag): cannot write into \(directory); does it exist?")
        }
    }

    /// The system's words, without Foundation's dictionary around them.
    private static func reason(_ error: any Error) -> String {
        let error = error as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        return underlying.map { $0.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32($0.code))) : "\($0)" }
            ?? error.localizedDescription
    }
}
