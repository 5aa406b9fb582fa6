import Glibc
import StokerCore
import StokerHost
import StokerSupervisor
import Testing

/// A host with real shims in a directory of its own. The process `engine` gets a pipe as descriptor 3, on which it says
/// how far it has come.
final class HostUnderTest: Sendable {
    struct Silence: Error {}

    let directory: String
    let host: ShimProcessHost
    private let words: Descriptor
    private let pen: Descriptor
    private let keepsDirectory: Bool

    /// - Parameter keepsDirectory: for a control plane that dies and leaves everything to the next.
    init(
        directory: String? = nil, keepsDirectory: Bool = false, shimProgram: String? = nil,
        inherit: InheritedDescriptor? = nil
    ) throws {
        let path = try directory ?? Self.makeDirectory()
        self.directory = path
        self.keepsDirectory = keepsDirectory
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("pipe") }
        words = Descriptor(owning: ends[0])
        pen = Descriptor(owning: ends[1])
        let inherit = ["engine": [inherit ?? InheritedDescriptor(number: pen.number, name: "pen")]]
        host = try ShimProcessHost(
            runtimeDirectory: path, logPath: { "\(path)/\($0).log" },
            shimProgram: try shimProgram ?? Self.program(), inherit: inherit)
    }

    deinit { if !keepsDirectory { Self.remove(directory) } }

    static func makeDirectory() throws -> String {
        var template = Array("/tmp/stoker-test-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw SystemError("mkdtemp") }
        return String(cString: path)
    }

    /// `stoker-shim` lies next to the bundle of the tests.
    static func program() throws -> String {
        let candidates = [try #require(Directory.target(of: "/proc/self/exe"))] + CommandLine.arguments
        let folders = candidates.compactMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
        return try #require(folders.map { $0 + "/stoker-shim" }.first { access($0, X_OK) == 0 })
    }

    func plan(_ name: String, _ command: [String]) -> ProcessPlan {
        ProcessPlan(name: name, kind: .other, command: command, environment: ["PATH": "/usr/bin:/bin"])
    }

    /// Starts a shell script.
    func start(_ name: String = "engine", script: String, generation: UInt64 = 1) {
        host.start(plan(name, ["/bin/sh", "-c", script]), generation: generation)
    }

    /// The next event that is looked for. The suites' time limit ends a test that waits in vain.
    func next<Found>(_ look: (HostEvent) -> Found?) async throws -> Found {
        for await event in host.events {
            if let found = look(event) { return found }
        }
        throw Silence()
    }

    func started() async throws -> ProcessIdentity {
        try await next { if case .started(let identity) = $0.kind { identity } else { nil } }
    }

    func exit() async throws -> (status: StokerCore.ExitStatus, evidence: [String], outOfMemory: Bool?) {
        try await next {
            if case .exited(let status, let evidence, let memory) = $0.kind { (status, evidence, memory) } else { nil }
        }
    }

    /// What the engine said on descriptor 3, up to the end of a line.
    func word() async throws -> String {
        let words = words
        let line = await OwnThread.run { () -> [UInt8] in
            var line: [UInt8] = []
            var byte: UInt8 = 0
            while words.waitUntilReadable(Deadline(after: .seconds(20))), read(words.number, &byte, 1) == 1 {
                if byte == UInt8(ascii: "\n") { break }
                line.append(byte)
            }
            return line
        }
        return String(decoding: line, as: UTF8.self)
    }

    func failure() async throws -> String {
        try await next { if case .startFailed(let why) = $0.kind { why } else { nil } }
    }

    /// The shim of a process: its parent.
    func shim(of identity: ProcessIdentity) throws -> Int32 {
        try #require(ProcessTable.entry(of: identity.pid)).parent
    }

    func log(of name: String = "engine") -> String { TextFile.read("\(directory)/\(name).log", most: 2 << 20) ?? "" }

    private static func remove(_ path: String) {
        for name in Directory.names(path) {
            let inner = "\(path)/\(name)"
            if unlink(inner) != 0 { remove(inner) }
        }
        rmdir(path)
    }
}

/// Waits until exactly that process is gone.
func waitForEnd(of identity: ProcessIdentity) async -> Bool {
    guard let end = ProcessFacts.open(identity) else { return true }
    return await OwnThread.run { end.waitUntilReadable(Deadline(after: .seconds(20))) }
}
