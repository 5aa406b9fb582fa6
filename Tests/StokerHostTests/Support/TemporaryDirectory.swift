import Glibc
import StokerHost

/// A directory that is removed with its files when the test is over.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/stoker-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemError("mkdtemp") }
        path = String(cString: made)
    }

    deinit { Self.remove(path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file, executable if it is a script.
    @discardableResult
    func write(_ text: String, to name: String, mode: mode_t = 0o755) throws -> String {
        let file = try Descriptor.open(file(name), O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        guard Glibc.write(file.number, text, text.utf8.count) == text.utf8.count else { throw SystemError(name) }
        return self.file(name)
    }

    private static func remove(_ path: String) {
        for name in Directory.names(path) {
            let inner = "\(path)/\(name)"
            if unlink(inner) != 0 { remove(inner) }
        }
        rmdir(path)
    }
}
