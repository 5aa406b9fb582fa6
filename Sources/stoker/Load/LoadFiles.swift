import Foundation
import StokerLoad

/// Data sets, traces, reports and logs from files.
enum LoadFiles {
    static func conversations(_ kind: WorkOrder.Kind, path: String) throws(LoadError) -> Dataset {
        let file = try ConversationFile(path: path, format: kind == .sharegpt ? .sharegpt : .jsonl)
        if file.skipped > 0 { Refusal.note("load", "\(path): \(file.skipped) rows without a question were skipped") }
        return .conversations(file.conversations)
    }

    static func trace(_ format: TraceFile.Format, path: String) throws(LoadError) -> TraceFile {
        let file = try TraceFile(path: path, format: format)
        if file.skipped > 0 { Refusal.note("load", "\(path): \(file.skipped) rows without an answer were skipped") }
        return file
    }

    static func report(path: String) throws(LoadError) -> LoadReport {
        let bytes = try read(path, limit: LoadReport.sizeLimit)
        do throws(LoadError) {
            return try LoadReport(parsing: bytes)
        } catch {
            throw LoadError("\(path): \(error.message)")
        }
    }

    static func log(path: String) throws(LoadError) -> HistogramLog {
        let bytes = try read(path, limit: HistogramLog.sizeLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw LoadError("\(path) is no text") }
        do throws(LoadError) {
            return try HistogramLog(parsing: text)
        } catch {
            throw LoadError("\(path): \(error.message)")
        }
    }

    private static func read(_ path: String, limit: Int) throws(LoadError) -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw LoadError("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { try? file.close() }
        do {
            let bytes = try file.read(upToCount: limit + 1) ?? Data()
            guard bytes.count <= limit else { throw LoadError("\(path) is larger than \(limit >> 20) MiB") }
            return [UInt8](bytes)
        } catch let error as LoadError {
            throw error
        } catch {
            throw LoadError("cannot read \(path): is it a file?")
        }
    }
}
