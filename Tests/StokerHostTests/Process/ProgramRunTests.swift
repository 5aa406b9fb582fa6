import Glibc
import StokerCore
import StokerHost
import Testing

extension ShimProcesses {
    @Suite struct ProgramRunTests {
        private func shell(_ script: String, deadline: Duration = .seconds(20)) async -> ProgramRun {
            await runProgram(["/bin/sh", "-c", script], environment: ["PATH=/usr/bin:/bin"], deadline: deadline)
        }

        @Test("exit code and last line are told")
        func exits() async {
            let run = await shell("echo first; echo last; exit 3")
            #expect(run.end == .exited(.code(3)))
            #expect(run.lastLine == "last")
        }

        @Test("a program that dies of a signal is told apart")
        func signal() async {
            #expect(await shell("kill -TERM $$").end == .exited(.signal(SIGTERM, dumpedCore: false)))
        }

        @Test("at the deadline the program and its session are killed")
        func deadline() async throws {
            let run = await shell("sleep 1000 & echo $!; wait", deadline: .milliseconds(300))
            #expect(run.end == .timeout)
            let worker = try #require(Int32(run.lastLine))
            if let left = ProcessFacts.identity(of: worker) {
                let end = try #require(ProcessFacts.open(left))
                #expect(await OwnThread.run { end.waitUntilReadable(Deadline(after: .seconds(20))) })
            }
        }

        @Test("a daemon that holds the output does not hold the answer")
        func daemon() async throws {
            let run = await shell("setsid sleep 1000 & echo $!")
            #expect(run.end == .exited(.code(0)))
            kill(try #require(Int32(run.lastLine)), SIGKILL)
        }

        @Test("a program that talks without end is heard to its last 4 KiB")
        func flood() async {
            let run = await shell("head -c 10000000 /dev/zero | tr '\\0' x; echo; echo end")
            #expect(run.end == .exited(.code(0)))
            #expect(run.lastLine == "end")
            let long = await shell("head -c 10000 /dev/zero | tr '\\0' x")
            #expect(long.lastLine.count == 4096)
        }

        @Test("what cannot be started is told with path and reason")
        func startFailure() async {
            let run = await runProgram(["/no/such"], environment: [], deadline: .seconds(1))
            #expect(run.end == .startFailed("/no/such: No such file or directory"))
            let named = await runProgram(["no-such"], environment: ["PATH=/bin"], deadline: .seconds(1))
            #expect(named.end == .startFailed("no-such in PATH /bin: No such file or directory"))
            let directory = await runProgram(
                ["/bin/true"], environment: [], directory: "/no/such", deadline: .seconds(1))
            #expect(directory.end == .startFailed("directory /no/such: No such file or directory"))
            let empty = await runProgram([], environment: [], deadline: .seconds(1))
            #expect(empty.end == .startFailed("an empty command: Invalid argument"))
        }

        @Test("the environment is what was given")
        func environment() async {
            let run = await runProgram(["/usr/bin/env"], environment: ["ONLY=this"], deadline: .seconds(20))
            #expect(run.lastLine == "ONLY=this")
        }

        @Test("descriptors arrive in order, also when their numbers here overlap those there")
        func descriptors() async throws {
            let files = try (0..<4).map { _ in try Descriptor.open("/dev/null", O_RDWR) }
            let numbers = files.map(\.number)
            // In reverse, and one of them twice: a naive dup2 from left to right would overwrite what is still needed.
            let pid = try Spawn.start(
                Spawn.Request(
                    command: ["/bin/sleep", "1000"], environment: [],
                    descriptors: [numbers[3], 2, 1, numbers[0], 0, numbers[0]]))
            defer {
                kill(pid, SIGKILL)
                waitpid(pid, nil, 0)
            }
            let open = Directory.names("/proc/\(pid)/fd").compactMap { Int($0) }.sorted()
            #expect(open == [0, 1, 2, 3, 4, 5])
            #expect(Directory.target(of: "/proc/\(pid)/fd/1") == Directory.target(of: "/proc/self/fd/2"))
            #expect(Directory.target(of: "/proc/\(pid)/fd/4") == Directory.target(of: "/proc/self/fd/0"))
            #expect(Directory.target(of: "/proc/\(pid)/fd/5") == "/dev/null")
        }
    }
}
