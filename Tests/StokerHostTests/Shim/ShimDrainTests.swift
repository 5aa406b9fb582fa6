import CLinux
import Glibc
import ShimProtocol
import StokerHost
import Testing

extension ShimProcesses {
    /// A shim that takes over the output of a process whose own shim died.
    @Suite struct DrainTests {
        /// A process that writes more than its pipe holds when it gets SIGUSR1, and then waits.
        private static let writer = """
            trap 'go=1' USR1; echo ready >&3
            while [ -z "$go" ]; do sleep 1000 & wait; done
            head -c 600000 /dev/zero | tr '\\0' x; echo wrote >&3; exec sleep 1000
            """

        /// An orphan, and a fresh shim that has been told to keep its output.
        private func orphan(startTime change: UInt64 = 0) async throws -> (ShimUnderTest, ShimUnderTest, ChildState) {
            let first = try ShimUnderTest()
            let child = try await first.start(script: Self.writer)
            #expect(try await first.word() == "ready")
            kill(first.shim.pid, SIGKILL)
            #expect(await first.waitForEnd(of: first.shim.pid))
            let second = try ShimUnderTest()
            let log = LogOrder(path: second.log, maximumBytes: 4 << 20)
            second.send(.drain(DrainOrder(pid: child.pid, startTime: child.startTime + change, log: log)))
            return (first, second, child)
        }

        private func end(_ child: ChildState) {
            for entry in ProcessTable.read().entries.values where entry.session == child.pid {
                kill(entry.pid, SIGKILL)
            }
        }

        @Test("the output of an orphan goes on into its log, however much it is")
        func drains() async throws {
            let (first, second, child) = try await orphan()
            kill(child.pid, SIGUSR1)
            #expect(try await first.word() == "wrote", "it would hang on a full pipe")
            end(child)
            #expect(await second.waitForEnd(of: child.pid))
            // Its end is seen by the shim too; then the shim is free for the next child, in the same log.
            try await second.start(script: "echo next", maximumLog: 4 << 20)
            _ = try await second.exit()
            let text = TextFile.read(second.log, most: 1 << 20) ?? ""
            #expect(text.utf8.count == 600_005)
            #expect(text.suffix(6) == "xnext\n")
        }

        @Test("a start order ends the draining")
        func startWins() async throws {
            let (_, second, child) = try await orphan()
            let next = try await second.start(script: "echo next; exec sleep 1000")
            #expect(ShimProcesses.isRunning(next.pid))
            #expect(ShimProcesses.isRunning(child.pid), "draining gives no power over the orphan")
            end(child)
        }

        @Test("quit leaves an orphan alone, but its shim stays as long as it drains")
        func stays() async throws {
            let (_, second, child) = try await orphan()
            second.send(.quit)
            second.send(.report)
            _ = try await second.next { if case .state = $0 { true } else { nil } }
            #expect(ShimProcesses.isRunning(second.shim.pid))
            end(child)
            #expect(await second.waitForEnd(of: second.shim.pid), "then it leaves as it was told")
        }

        @Test("a process that is another than ordered is not touched")
        func stranger() async throws {
            let (first, second, child) = try await orphan(startTime: 1)
            second.send(.report)
            _ = try await second.next { if case .state = $0 { true } else { nil } }
            let pipe = Directory.target(of: "/proc/\(child.pid)/fd/1")
            let held = Directory.names("/proc/\(second.shim.pid)/fd").map {
                Directory.target(of: "/proc/\(second.shim.pid)/fd/\($0)")
            }
            #expect(!held.contains(pipe))
            end(child)
            withExtendedLifetime(first) {}
        }
    }
}
