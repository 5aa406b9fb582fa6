import Foundation
import Testing

/// The path of a file of Tests/Fixtures/load.
func fixture(_ name: String) -> String {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return folder.appending(path: "Fixtures/load/\(name)").path
}

/// A file of its own with this content for as long as `body` runs.
func withFile<Result>(_ content: String, _ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "load-\(UUID().uuidString)")
    try Data(content.utf8).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    return try body(path.path)
}
