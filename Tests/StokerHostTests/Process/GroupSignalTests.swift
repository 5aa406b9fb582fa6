import StokerCore
import StokerHost
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Signals to a process and its group", .serialized, .timeLimit(.minutes(1)))
struct GroupSignalTests {
    /// A process that waits to be ended.
    private func sleeper() throws -> ProcessIdentity {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let pid = try Spawn.start(
            Spawn.Request(
                command: ["/bin/sleep", "1000"], environment: [], descriptors: [null, null, null]))
        return try #require(ProcessFacts.identity(of: pid))
    }

    private func state(_ identity: ProcessIdentity) throws -> Character {
        let text = try #require(TextFile.read("/proc/\(identity.pid)/stat", most: 1024))
        return try #require(text.split(separator: ")").last?.dropFirst().first)
    }

    @Test func `a stopped process is stopped until it is told to go on`() throws {
        let identity = try sleeper()
        defer {
            kill(identity.pid, SIGKILL)
            waitpid(identity.pid, nil, 0)
        }
        #expect(GroupSignal.send(.stop, to: identity))
        while try state(identity) != "T" { sched_yield() }
        #expect(GroupSignal.send(.proceed, to: identity))
        while try state(identity) == "T" { sched_yield() }
    }

    @Test func `a number that is another's by now gets no signal`() throws {
        let identity = try sleeper()
        defer {
            kill(identity.pid, SIGKILL)
            waitpid(identity.pid, nil, 0)
        }
        var stranger = identity
        stranger.startTime += 1
        #expect(!GroupSignal.send(.kill, to: stranger))
        #expect(ProcessFacts.isAlive(identity))
    }

    @Test func `one that has ended gets none either`() throws {
        let identity = try sleeper()
        #expect(GroupSignal.send(.kill, to: identity))
        waitpid(identity.pid, nil, 0)
        #expect(!GroupSignal.send(.proceed, to: identity))
    }
}
