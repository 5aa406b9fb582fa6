import CLinux
import Glibc
import ShimProtocol
import StokerHost
import Testing

/// A shim that a test speaks to directly. Its children get a pipe as descriptor 3, on which they say how far they have
/// come, so that no test has to guess how long something takes.
final class ShimUnderTest: Sendable {
    struct Silence: Error {}

    let directory: TemporaryDirectory
    let launcher: ShimLauncher
    let shim: LaunchedShim
    let log: String
    private let words: Descriptor

    /// - Parameter program: the shim, or a script that becomes it.
    init(program: String? = nil, log: String? = nil) throws {
        directory = try TemporaryDirectory()
        self.log = log ?? directory.file("logs/a/engine.log")
        launcher = ShimLauncher(
            program: try program ?? Self.program(), directory: directory.file("shim"))
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw SystemError("pipe") }
        words = Descriptor(owning: ends[0])
        let pen = Descriptor(owning: ends[1])
        shim = try launcher.launch("engine", inherited: [pen.number])
    }

    deinit {
        // Whatever the test did: nothing may be left behind.
        let state = Self.lastState(of: shim.socket, launcher)
        if let running = state?.running { Glibc.kill(-running.pid, SIGKILL) }
        Glibc.kill(shim.pid, SIGKILL)
        _ = shim.end.waitUntilReadable(Deadline(after: .seconds(5)))
        _ = Spawn.reap(shim.pid)
    }

    /// `stoker-shim` lies next to the bundle of the tests.
    static func program() throws -> String {
        let bundle = try #require(Directory.target(of: "/proc/self/exe"))
        let candidates = [bundle] + CommandLine.arguments
        let folders = candidates.compactMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
        return try #require(folders.map { $0 + "/stoker-shim" }.first { access($0, X_OK) == 0 })
    }

    func send(_ order: ShimOrder) { #expect(PacketSocket.send(order.encoded, to: shim.socket) == .sent) }

    /// The next report on a connection.
    func next(on socket: Descriptor? = nil) async throws -> ShimReport {
        let socket = socket ?? shim.socket
        guard await OwnThread.run({ socket.waitUntilReadable(Deadline(after: .seconds(20))) }),
            case .packet(let packet) = PacketSocket.receive(from: socket, most: ShimProtocol.maximumMessage)
        else { throw Silence() }
        return try ShimReport(decoding: packet)
    }

    /// Whether the other end of a connection is gone, now or soon.
    func hasEnded(_ socket: Descriptor) async -> Bool {
        await OwnThread.run {
            while socket.waitUntilReadable(Deadline(after: .seconds(20))) {
                if PacketSocket.receive(from: socket, most: ShimProtocol.maximumMessage) == .ended { return true }
            }
            return false
        }
    }

    /// Everything up to the report that is looked for.
    func next<Found>(_ look: (ShimReport) -> Found?) async throws -> Found {
        while true {
            if let found = look(try await next()) { return found }
        }
    }

    func exit() async throws -> ChildExit {
        try await next { if case .exited(let exit) = $0 { exit } else { nil } }
    }

    func order(
        _ command: [String], generation: UInt64 = 1, environment: [String] = ["PATH=/usr/bin:/bin"],
        maximumLog: UInt64 = 1 << 20
    ) -> StartOrder {
        StartOrder(
            generation: generation, command: command, environment: environment,
            log: LogOrder(path: log, maximumBytes: maximumLog))
    }

    @discardableResult
    func start(_ order: StartOrder) async throws -> ChildState {
        send(.start(order))
        return try await next { if case .started(let child) = $0 { child } else { nil } }
    }

    /// Runs a shell script as generation 1.
    @discardableResult
    func start(script: String, maximumLog: UInt64 = 1 << 20) async throws -> ChildState {
        try await start(order(["/bin/sh", "-c", script], maximumLog: maximumLog))
    }

    /// Why an order failed.
    func failure(of order: StartOrder) async throws -> StartFailure {
        send(.start(order))
        return try await next { if case .startFailed(_, let failure) = $0 { failure } else { nil } }
    }

    /// What a child said on descriptor 3, up to the end of a line.
    func word() async throws -> String {
        let words = words
        let text = await OwnThread.run { () -> String? in
            var line: [UInt8] = []
            while words.waitUntilReadable(Deadline(after: .seconds(20))) {
                var byte: UInt8 = 0
                guard read(words.number, &byte, 1) == 1 else { return nil }
                if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
                line.append(byte)
            }
            return nil
        }
        guard let text else { throw Silence() }
        return text
    }

    /// Waits until a process is gone.
    func waitForEnd(of pid: Int32) async -> Bool {
        let pidfd = clinux_pidfd_open(pid)
        guard pidfd >= 0 else { return true }
        let end = Descriptor(owning: pidfd)
        return await OwnThread.run { end.waitUntilReadable(Deadline(after: .seconds(20))) }
    }

    func connect() throws -> Descriptor { try PacketSocket.connect(to: launcher.socketPath(of: "engine")) }

    /// All that was logged, older part first.
    var logged: String { (TextFile.read(log + ".1") ?? "") + (TextFile.read(log) ?? "") }

    private static func lastState(of socket: Descriptor, _ launcher: ShimLauncher) -> ShimState? {
        _ = PacketSocket.send(ShimOrder.report.encoded, to: socket)
        // Ends the wait below when nothing runs.
        _ = PacketSocket.send(ShimOrder.quit.encoded, to: socket)
        while socket.waitUntilReadable(Deadline(after: .seconds(1))),
            case .packet(let packet) = PacketSocket.receive(from: socket, most: ShimProtocol.maximumMessage)
        {
            if case .state(let state)? = try? ShimReport(decoding: packet), state.running != nil { return state }
        }
        return nil
    }
}

extension ShimProcesses {
    /// Whether a process of that number runs; a zombie does not.
    static func isRunning(_ pid: Int32) -> Bool { ProcessFacts.identity(of: pid) != nil }
}

/// All tests that start real processes: one after the other, for they measure and count what the machine has.
@Suite(.serialized) struct ShimProcesses {}
