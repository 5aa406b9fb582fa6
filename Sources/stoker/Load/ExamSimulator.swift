import Foundation
import Glibc
import StokerCore
import StokerHost
import StokerLoad

/// `stoker simulate` in a process of its own, on a port that the kernel chooses.
struct ExamSimulator {
    let port: UInt16
    private let pid: Int32

    /// A simulator listens within milliseconds; this is for machines that are busy beyond use.
    private static let patience = Duration.seconds(10)

    /// - Throws: when it cannot be started, with its own words.
    static func start(_ server: ExamServer) async throws(LoadError) -> ExamSimulator {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw LoadError("no pipe: \(String(cString: strerror(errno)))") }
        defer { close(ends[0]) }
        // Spawn gives the child what is listed and closes the rest; this is for children of others.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let pid: Int32
        do {
            pid = try Spawn.start(
                Spawn.Request(
                    command: ["/proc/self/exe", "simulate"] + arguments(server), environment: [],
                    descriptors: [null, null, ends[1]]))
        } catch {
            close(ends[1])
            throw LoadError("cannot start the simulator: \(error)")
        }
        close(ends[1])
        guard let port = await port(in: ends[0]) else {
            Self.end(pid)
            throw LoadError("the simulator did not say where it listens")
        }
        return ExamSimulator(port: port, pid: pid)
    }

    func stop() { Self.end(pid) }

    /// It keeps nothing that would have to be saved.
    private static func end(_ pid: Int32) {
        kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    private static func arguments(_ server: ExamServer) -> [String] {
        func time(_ value: Nanoseconds) -> String { Duration.nanoseconds(value).text }
        var words = [
            "--model", ExamServer.model, "--listen", "127.0.0.1:0", "--ttft", time(server.firstToken), "--itl",
            time(server.interval), "--tokens", "\(server.tokens)",
        ]
        if server.tokensPerEvent > 1 { words += ["--tokens-per-event", "\(server.tokensPerEvent)"] }
        if server.eventsPerWrite > 1 { words += ["--events-per-write", "\(server.eventsPerWrite)"] }
        return words
    }

    /// Reads what it says until an address is in it.
    private static func port(in descriptor: Int32) async -> UInt16? {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var text = ""
        var bytes = [UInt8](repeating: 0, count: 4096)
        while clock.now < deadline {
            let count = read(descriptor, &bytes, bytes.count)
            if count > 0 { text += String(decoding: bytes[..<count], as: UTF8.self) }
            if let match = text.firstMatch(of: /:([0-9]+)[^0-9]/) { return UInt16(match.1) }
            if count == 0 { return nil }
            guard (try? await clock.sleep(for: .milliseconds(5))) != nil else { return nil }
        }
        return nil
    }
}
