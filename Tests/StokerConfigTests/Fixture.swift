import Foundation
import Testing

/// A file of Tests/Fixtures/config or examples.
struct Fixture: CustomTestStringConvertible, Sendable {
    var url: URL

    var name: String { url.lastPathComponent }
    var testDescription: String { name }
    var text: String { get throws { try String(contentsOf: url, encoding: .utf8) } }

    /// The leading comment lines without their `# `: what an invalid config must be told.
    var expectation: String {
        get throws {
            try text.split(separator: "\n", omittingEmptySubsequences: false)
                .prefix { $0.hasPrefix("# ") }
                .map { $0.dropFirst(2) }
                .joined(separator: "\n")
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let invalid = all(in: "Tests/Fixtures/config/invalid")
    static let valid = all(in: "Tests/Fixtures/config/valid")
    static let examples = all(in: "examples")

    static func committed(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func all(in directory: String) -> [Fixture] {
        let urls = try? FileManager.default.contentsOfDirectory(
            at: root.appending(path: directory), includingPropertiesForKeys: nil)
        return (urls ?? []).filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }.map(Fixture.init)
    }
}
