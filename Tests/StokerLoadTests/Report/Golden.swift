import Foundation
import Testing

/// Output that people read, held to the form in which somebody last looked at it.
enum Golden {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures")

    /// Compares with a file of Tests/Fixtures; where they differ, the new form is left beside the build to look at.
    static func expect(_ text: String, _ name: String) throws {
        let known = try? String(contentsOf: fixtures.appending(path: name), encoding: .utf8)
        guard known != text else { return }
        let place = FileManager.default.temporaryDirectory.appending(path: "golden-" + name.replacing("/", with: "-"))
        try text.write(to: place, atomically: true, encoding: .utf8)
        Issue.record("\(name) differs; if \(place.path) is right, it is the new golden file")
    }
}
