import Foundation
import Testing

/// The working tree that these tests were compiled from.
enum Repository {
    /// Its root: three levels above this file.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What git does not keep: built, brought and written things.
    private static let ignored: Set = [".git", ".build", ".venv", ".cache", ".stoker", "__pycache__", ".pytest_cache"]

    /// Every file under a directory, as paths relative to the root, sorted; the suffix chooses.
    static func files(under directory: String = "", endingIn suffix: String) -> [String] {
        let start = directory.isEmpty ? root : root.appending(path: directory)
        guard let walker = FileManager.default.enumerator(at: start, includingPropertiesForKeys: [.isRegularFileKey])
        else { return [] }
        var found: [String] = []
        for case let url as URL in walker {
            let name = url.lastPathComponent
            guard !ignored.contains(name), !name.hasPrefix(".build-"), !name.hasPrefix(".venv-") else {
                walker.skipDescendants()
                continue
            }
            let isFile = (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile ?? false
            if isFile && name.hasSuffix(suffix) { found.append(String(url.path.dropFirst(root.path.count + 1))) }
        }
        return found.sorted()
    }

    /// The text of a file; nil when it does not exist or is not UTF-8.
    static func text(of path: String) -> String? {
        try? String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }
}

/// One Swift file, as written and as code alone.
struct SwiftFile: CustomTestStringConvertible, Sendable {
    var path: String
    /// The lines as written.
    var lines: [Substring]
    /// The same lines with comments and string literals blanked, so that rules judge code and not words about it.
    var code: [Substring]

    init(path: String) {
        self.path = path
        let text = Repository.text(of: path) ?? ""
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = SwiftCode.only(text).split(separator: "\n", omittingEmptySubsequences: false)
    }

    var testDescription: String { path }
    /// `StokerCore` for `Sources/StokerCore/Plan/Plan.swift`.
    var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }

    static let sources = Repository.files(under: "Sources", endingIn: ".swift").map(SwiftFile.init)
    static let tests = Repository.files(under: "Tests", endingIn: ".swift").map(SwiftFile.init)
}
