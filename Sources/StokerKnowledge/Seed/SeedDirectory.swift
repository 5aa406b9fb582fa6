import Foundation

/// The Markdown and text files of a directory, as the knowledge base's first content.
package struct SeedDirectory: Sendable {
    /// Most files; a directory with more was probably not meant.
    package static let maxFiles = 10_000
    /// Largest file in bytes; larger ones are named and left out.
    package static let maxFileBytes = 8 << 20

    /// What an import did.
    package struct Summary: Sendable, Equatable {
        package var files = 0
        package var added = 0
        package var removed = 0
        /// Files that were left out, with the reason.
        package var skipped: [String] = []

        package init(files: Int = 0, added: Int = 0, removed: Int = 0, skipped: [String] = []) {
            self.files = files
            self.added = added
            self.removed = removed
            self.skipped = skipped
        }
    }

    private let root: URL

    /// - Throws: `cannotOpen` when `path` is not a readable directory.
    package init(path: String) throws(KnowledgeError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw KnowledgeError(.cannotOpen, "\(path) is not a directory; --seed takes one with .md and .txt files")
        }
        root = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
    }

    /// Imports each file that is new or changed, one transaction each. What was imported from a file that is gone
    /// stays.
    package func load(through commits: GroupCommit) async throws(KnowledgeError) -> Summary {
        var summary = Summary()
        for path in paths() {
            do {
                let receipt = try await commits.submit(.seed(try read(path)))
                guard case .seeded(let added, let removed) = receipt else { continue }
                summary.files += 1
                summary.added += added
                summary.removed += removed
            } catch  where error.code == .badRequest {
                summary.skipped.append(error.message)
            }
        }
        return summary
    }

    /// Relative paths, sorted: the same order, hence the same ids, on every machine.
    func paths() -> [String] {
        guard let found = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var paths: [String] = []
        while let path = found.nextObject() as? String, paths.count < Self.maxFiles {
            let isText = path.hasSuffix(".md") || path.hasSuffix(".txt")
            let isHidden = path.split(separator: "/").contains { $0.hasPrefix(".") }
            if isText, !isHidden { paths.append(path) }
        }
        return paths.sorted()
    }

    func read(_ path: String) throws(KnowledgeError) -> SeedFile {
        let url = root.appendingPathComponent(path)
        let size = (try? url.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
        guard size <= Self.maxFileBytes else {
            throw KnowledgeError(.badRequest, "\(path): larger than \(Self.maxFileBytes >> 20) MiB")
        }
        guard let data = try? Data(contentsOf: url) else { throw KnowledgeError(.badRequest, "\(path): unreadable") }
        guard let text = String(data: data, encoding: .utf8), !text.utf8.contains(0) else {
            throw KnowledgeError(.badRequest, "\(path): not a UTF-8 text")
        }
        return SeedFile(path: path, fingerprint: Self.fingerprint(of: data), passages: Passages.of(text))
    }

    /// FNV-1a and the length: it tells a changed file from an unchanged one, no adversary is involved.
    static func fingerprint(of data: Data) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in data { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "\(data.count):" + String(hash, radix: 16)
    }
}
