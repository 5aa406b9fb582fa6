import Foundation
import StokerConfig
import StokerCore
import Testing

@Suite struct FileTests {
    private func code(_ path: String) -> ConfigError.Code? {
        do {
            _ = try Reading.reader.read(path: path)
            return nil
        } catch {
            return error.errors.first?.code
        }
    }

    @Test func `a path is relative to the working directory`() throws {
        #expect(try Reading.reader.read(path: "stoker.yaml").processes.map(\.name) == ["a"])
        #expect(try Reading.reader.read(path: "./x/../stoker.yaml").processes.count == 1)
        #expect(try Reading.reader.read(path: "/etc/stoker/stoker.yaml").processes.count == 1)
    }

    @Test func `relative paths in a file are relative to its directory`() throws {
        let plan = try Reading.reader.read(path: "stoker.yaml")
        #expect(plan.process(named: "a")?.directory == "/etc/stoker")
    }

    @Test func `a file that is not there or no text is one clear line`() {
        #expect(code("none.yaml") == .fileUnreadable)
        #expect(code("latin1.yaml") == .badYAML)
        let errors = #expect(throws: ConfigErrors.self) { try Reading.reader.read(path: "none.yaml") }
        #expect(
            errors?.text == """
                none.yaml: cannot read the file: No such file or directory [file-unreadable]
                  try: stoker check --config PATH
                """)
    }

    @Test func `a file beyond the limit is not read`() {
        let files = FileAccess(workingDirectory: { "/" }, read: { _, _ in .failure(.tooLarge) })
        let reader = ConfigReader(program: "stoker", environment: [:], files: files)
        let errors = #expect(throws: ConfigErrors.self) { try reader.read(path: "a.yaml") }
        #expect(errors?.errors.map(\.code) == [.fileTooLarge])
    }
}

/// The real file system; each test has a directory of its own.
@Suite final class SystemFileTests {
    private let directory: String

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "stoker-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let path = "\(directory)/\(name)"
        let isMade = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        try #require(isMade)
        return path
    }

    @Test func `a file is read whole, with its mode`() throws {
        let text = String(repeating: "0123456789", count: 20_000)
        let contents = try FileAccess.system.read(try write("a", text, mode: 0o640), 1 << 20).get()
        #expect(contents == FileContents(bytes: Array(text.utf8), mode: 0o640))
    }

    @Test func `a file is refused one byte beyond the limit`() throws {
        let path = try write("a", "12345")
        #expect((try? FileAccess.system.read(path, 5).get())?.bytes.count == 5)
        #expect(FileAccess.system.read(path, 4) == .failure(.tooLarge))
    }

    @Test func `a directory and a pipe that nobody writes to are refused at once`() throws {
        #expect(FileAccess.system.read(directory, 10) == .failure(.notRegular))
        let pipe = "\(directory)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(FileAccess.system.read(pipe, 10) == .failure(.notRegular))
    }

    @Test func `a missing file is told in the kernel's words`() {
        #expect(FileAccess.system.read("\(directory)/none", 10) == .failure(.system("No such file or directory")))
    }

    @Test func `the working directory is absolute`() {
        #expect(FileAccess.system.workingDirectory().hasPrefix("/"))
    }

    @Test func `a config and its secret file are read from disk`() throws {
        let secret = try write("token", "hush\n")
        let config = try write("stoker.yaml", Reading.processText("engine: simulator", "env: { T: \"${file:token}\" }"))
        let reader = ConfigReader(program: "/usr/bin/stoker", environment: [:])
        let variable = try reader.read(path: config).process(named: "a")?.environment["T"]
        #expect(variable?.revealed == "hush" && variable?.isSecret == true)

        chmod(secret, 0o640)
        let errors = #expect(throws: ConfigErrors.self) { try reader.read(path: config) }
        #expect(errors?.errors.map(\.hint) == ["chmod 600 \(secret)"])
    }
}
