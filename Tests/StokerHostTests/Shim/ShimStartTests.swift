import Glibc
import ShimProtocol
import StokerCore
import StokerHost
import Testing

extension ShimProcesses {
    @Suite struct StartTests {
        @Test("a shim says what it knows to each new connection")
        func greets() async throws {
            let shim = try ShimUnderTest()
            #expect(try await shim.next() == .state(ShimState(shim: shim.shim.pid)))
        }

        @Test("a child is known by its PID and start time")
        func identity() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "sleep 1000")
            #expect(ProcessFacts.identity(of: child.pid)?.startTime == child.startTime)
            let record = TextFile.read(shim.launcher.identityPath(of: "engine"))
            #expect(record == ProcessFacts.identity(of: child.pid)?.record)
        }

        @Test("a child that ends at once has been started, and its exit code is told")
        func exitsAtOnce() async throws {
            let shim = try ShimUnderTest()
            try await shim.start(script: "echo last words; exit 7")
            let exit = try await shim.exit()
            #expect(exit.status == .code(7))
            #expect(exit.leftovers == 0)
            #expect(exit.peakResidentBytes > 0)
            #expect(shim.logged == "last words\n", "all output is in the log before the end is told")
            #expect(TextFile.read(shim.launcher.identityPath(of: "engine")) == nil)
        }

        @Test("a shim outlives its child and starts the next")
        func next() async throws {
            let shim = try ShimUnderTest()
            for generation in 1...5 as ClosedRange<UInt64> {
                let order = shim.order(["/bin/sh", "-c", "echo \(generation)"], generation: generation)
                #expect(try await shim.start(order).generation == generation)
                #expect(try await shim.exit().generation == generation)
            }
            #expect(shim.logged == "1\n2\n3\n4\n5\n")
        }

        @Test("the environment is what was ordered, and nothing else")
        func environment() async throws {
            let shim = try ShimUnderTest()
            let environment = ["PATH=/usr/bin:/bin", "A=1", "B=with spaces and =", "EMPTY="]
            try await shim.start(shim.order(["env"], environment: environment))
            #expect(try await shim.exit().status == .code(0))
            #expect(shim.logged == environment.joined(separator: "\n") + "\n")
        }

        @Test("a child has the standard descriptors and the inherited ones, and no other")
        func descriptors() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "echo ready >&3; exec sleep 1000")
            #expect(try await shim.word() == "ready")
            let open = Directory.names("/proc/\(child.pid)/fd").compactMap { Int($0) }.sorted()
            #expect(open == [0, 1, 2, 3])
            #expect(Directory.target(of: "/proc/\(child.pid)/fd/0") == "/dev/null")
        }

        @Test("a child leads a session of its own, blocks no signal and ignores none")
        func session() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(shim.order(["/bin/sleep", "1000"]))
            let entry = try #require(ProcessTable.entry(of: child.pid))
            #expect(entry.session == child.pid)
            #expect(entry.group == child.pid)
            #expect(entry.parent == shim.shim.pid)
            let status = try #require(TextFile.read("/proc/\(child.pid)/status"))
            #expect(status.contains("SigBlk:\t0000000000000000"))
            let ignored = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }?.suffix(16)
            // 32 and 33 are glibc's own, which it lets nobody touch; some container runtimes start us without them.
            #expect(ignored.flatMap { UInt64($0, radix: 16) }.map { $0 & ~0x1_8000_0000 } == 0)
        }

        @Test("limits hold for the child and not for the shim")
        func limits() async throws {
            let shim = try ShimUnderTest()
            var order = shim.order(["/bin/sleep", "1000"])
            order.limits = LimitsOrder(
                openFiles: 123, coreBytes: 0, addressSpaceBytes: 1 << 30, oomScoreAdjust: 321)
            let child = try await shim.start(order)
            let limits = try #require(TextFile.read("/proc/\(child.pid)/limits"))
            func values(_ name: String) -> [Substring] {
                let line = limits.split(separator: "\n").first { $0.hasPrefix(name) }
                return line?.dropFirst(26).split(separator: " ").prefix(2).map { $0 } ?? []
            }
            #expect(values("Max open files") == ["123", "123"])
            #expect(values("Max core file size") == ["0", "0"])
            #expect(values("Max address space") == ["1073741824", "1073741824"])
            #expect(TextFile.read("/proc/\(child.pid)/oom_score_adj") == "321\n")
            let own = TextFile.read("/proc/self/oom_score_adj")
            #expect(TextFile.read("/proc/\(shim.shim.pid)/oom_score_adj") == own)
        }

        @Test("a child starts in the ordered directory, without one in that of the control plane")
        func directory() async throws {
            let shim = try ShimUnderTest()
            var order = shim.order(["/bin/sh", "-c", "pwd -P"])
            order.directory = "/usr/lib"
            try await shim.start(order)
            _ = try await shim.exit()
            #expect(shim.logged == "/usr/lib\n")
        }

        @Test("a missing program, directory or right is told with its step and error number")
        func failures() async throws {
            let shim = try ShimUnderTest()
            func failure(_ change: (inout StartOrder) -> Void) async throws -> StartFailure {
                var order = shim.order(["/bin/true"])
                change(&order)
                return try await shim.failure(of: order)
            }
            #expect(try await failure { $0.command = ["/no/such"] } == StartFailure(step: .program, error: ENOENT))
            #expect(try await failure { $0.command = ["no-such"] } == StartFailure(step: .program, error: ENOENT))
            #expect(try await failure { $0.command = ["/etc/passwd"] } == StartFailure(step: .program, error: EACCES))
            #expect(try await failure { $0.command = ["/tmp"] } == StartFailure(step: .program, error: EACCES))
            #expect(try await failure { $0.directory = "/no/dir" } == StartFailure(step: .directory, error: ENOENT))
            #expect(
                try await failure { $0.directory = "/etc/passwd" } == StartFailure(step: .directory, error: ENOTDIR))
            #expect(try await failure { $0.command = [] } == StartFailure(step: .order, error: EINVAL))
            #expect(try await failure { $0.limits.oomScoreAdjust = 5000 }.step == .oomScore)
            try await shim.start(script: "true")
            #expect(try await shim.exit().status == .code(0), "after all of these it starts what can be started")
        }

        @Test("a program without a slash is found in the child's PATH")
        func path() async throws {
            let shim = try ShimUnderTest()
            let folder = try TemporaryDirectory()
            try folder.write("#!/bin/sh\necho found\n", to: "my-engine")
            try await shim.start(
                shim.order(["my-engine"], environment: ["PATH=relative::/no/such:\(folder.path)"]))
            _ = try await shim.exit()
            #expect(shim.logged == "found\n")
        }

        @Test("a second start while a child runs is refused, and the child goes on")
        func busy() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "sleep 1000")
            let failure = try await shim.failure(of: shim.order(["/bin/true"], generation: 2))
            #expect(failure == StartFailure(step: .busy, error: EBUSY))
            #expect(ShimProcesses.isRunning(child.pid))
        }
    }
}
