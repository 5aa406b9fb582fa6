import StokerConfig
import StokerCore
import Testing

/// Reads texts as the daemon would, with a made-up environment and made-up files.
enum Reading {
    static let environment = ["HF_TOKEN": secretVariable, "HOME": "/home/stoker", "EMPTY": ""]
    /// What must never be seen in any output.
    static let secretVariable = "s3cret-from-the-environment"
    static let secretFile = "s3cret-from-a-file"
    static let exposedFile = "s3cret-left-open"

    static let files = FileAccess(
        workingDirectory: { "/etc/stoker" },
        read: { path, limit in
            guard let result = fakes[path] else { return .failure(.system("No such file or directory")) }
            return result.flatMap { $0.bytes.count > limit ? .failure(.tooLarge) : .success($0) }
        })

    private static let fakes: [String: Result<FileContents, FileProblem>] = [
        "/run/credentials/stoker/token": text(secretFile + "\n", 0o600),
        "/run/credentials/stoker/windows": text(secretFile + "\r\n", 0o400),
        "/run/credentials/stoker/lines": text("one\ntwo\n\n", 0o600),
        "/run/credentials/stoker/open": text(exposedFile + "\n", 0o644),
        "/run/credentials/stoker/huge": text(String(repeating: "x", count: 70_000), 0o600),
        "/run/credentials/stoker/binary": .success(FileContents(bytes: [0xFF, 0xFE, 0], mode: 0o600)),
        "/run/credentials/stoker": .failure(.notRegular),
        "/etc/stoker/stoker.yaml": text("processes: { a: { engine: simulator } }", 0o644),
        "/etc/stoker/latin1.yaml": .success(FileContents(bytes: [0x23, 0xE9, 0x0A], mode: 0o644)),
    ]

    private static func text(_ text: String, _ mode: UInt32) -> Result<FileContents, FileProblem> {
        .success(FileContents(bytes: Array(text.utf8), mode: mode))
    }

    static let reader = ConfigReader(program: "/usr/bin/stoker", environment: environment, files: files)

    static func plan(_ text: String, name: String = "stoker.yaml") throws(ConfigErrors) -> Plan {
        try reader.read(text: text, name: name, directory: "/etc/stoker")
    }

    /// The process of that name in the plan of the text.
    static func process(_ name: String, in text: String) throws -> ProcessPlan {
        try #require(try plan(text).process(named: name))
    }

    /// The errors of a text that must have some.
    static func errors(_ text: String) -> [ConfigError] {
        do {
            _ = try plan(text)
            return []
        } catch {
            return error.errors
        }
    }

    /// A config of one process `a` with these lines in it.
    static func processText(_ lines: String...) -> String {
        "processes:\n  a:\n" + lines.map { "    \($0)\n" }.joined()
    }

    /// The one process of such a config, whose gateway takes no port away from it.
    static func process(_ lines: String...) throws -> ProcessPlan {
        let gateway = "gateway: { listen: 127.0.0.1:0 }\n"
        return try process("a", in: "processes:\n  a:\n" + lines.map { "    \($0)\n" }.joined() + gateway)
    }
}
