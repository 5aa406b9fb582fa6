import Glibc
import StokerCore
import StokerHost
import StokerSupervisor
import Testing

extension ShimProcessHostTests {
    /// An earlier control plane is one that let go of its host without ending anything.
    @Suite struct LeftoverSweepTests {
        @Test("a new control plane ends in good order what an earlier one left running")
        func sweeps() async throws {
            let directory = try HostUnderTest.makeDirectory()
            let left = try await leave(
                in: directory, script: "trap 'echo bye; exit' TERM; echo ready >&3; sleep 1000 & wait")
            let bench = try HostUnderTest(directory: directory)
            #expect(
                await ShimProcessHost.sweepLeftovers(runtimeDirectory: directory) { _ in .seconds(20) } == [
                    "engine (pid \(left.pid)): ended by SIGTERM"
                ])
            #expect(!ProcessFacts.isAlive(left))
            #expect(bench.log() == "bye\n")
            #expect(Directory.names(directory + "/shim") == [])
            bench.start(script: "exit 0")
            #expect(try await bench.exit().status == .code(0))
            await bench.host.shutdown()
        }

        @Test("what ignores SIGTERM is killed after the grace")
        func kills() async throws {
            let directory = try HostUnderTest.makeDirectory()
            let left = try await leave(
                in: directory, script: "trap '' TERM; echo ready >&3; while :; do sleep 1000; done")
            let bench = try HostUnderTest(directory: directory)
            #expect(
                await ShimProcessHost.sweepLeftovers(runtimeDirectory: directory) { _ in .milliseconds(50) } == [
                    "engine (pid \(left.pid)): ended by SIGKILL"
                ])
            #expect(!ProcessFacts.isAlive(left))
            await bench.host.shutdown()
        }

        @Test("without its shim a process is found by its record", arguments: [true, false])
        func byRecord(polite: Bool) async throws {
            let directory = try HostUnderTest.makeDirectory()
            let script =
                polite
                ? "echo ready >&3; exec sleep 1000" : "trap '' TERM; echo ready >&3; while :; do sleep 1000; done"
            let left = try await leave(in: directory, script: script)
            let shim = try #require(ProcessTable.entry(of: left.pid)).parent
            let shimIdentity = try #require(ProcessFacts.identity(of: shim))
            kill(shim, SIGKILL)
            #expect(await waitForEnd(of: shimIdentity))
            let bench = try HostUnderTest(directory: directory)
            let lines = await ShimProcessHost.sweepLeftovers(runtimeDirectory: directory) { _ in
                polite ? .seconds(20) : .milliseconds(50)
            }
            #expect(lines == ["engine (pid \(left.pid)): ended by \(polite ? "SIGTERM" : "SIGKILL")"])
            #expect(!ProcessFacts.isAlive(left))
            await bench.host.shutdown()
        }

        @Test("a process that could be started again by its shim is not")
        func granted() async throws {
            let directory = try HostUnderTest.makeDirectory()
            let left = try await leave(in: directory, script: "echo ready >&3; exec sleep 1000", granted: true)
            let shim = try #require(ProcessTable.entry(of: left.pid)).parent
            let shimIdentity = try #require(ProcessFacts.identity(of: shim))
            let bench = try HostUnderTest(directory: directory)
            #expect(
                await ShimProcessHost.sweepLeftovers(runtimeDirectory: directory) { _ in .seconds(20) } == [
                    "engine (pid \(left.pid)): ended by SIGTERM"
                ])
            #expect(await waitForEnd(of: shimIdentity), "a shim whose child was started again would stay")
            await bench.host.shutdown()
        }

        @Test("a stranger that has got the number of a recorded process is never touched")
        func stranger() async throws {
            let directory = try HostUnderTest.makeDirectory()
            let stranger = try Spawn.start(
                Spawn.Request(command: ["/bin/sleep", "1000"], environment: [], descriptors: [0, 1, 2]))
            defer {
                kill(stranger, SIGKILL)
                waitpid(stranger, nil, 0)
            }
            let identity = try #require(ProcessFacts.identity(of: stranger))
            mkdir(directory + "/shim", 0o700)
            let records = [
                "\(stranger) \(identity.startTime - 1) \(identity.bootID)",
                "\(stranger) \(identity.startTime) another-boot",
                "\(stranger)", "-1 0 x", "1 0 \(identity.bootID)", "", "nonsense\n",
            ]
            for record in records {
                let file = try Descriptor.open(directory + "/shim/engine.child", O_WRONLY | O_CREAT, mode: 0o600)
                write(file.number, record, record.utf8.count)
                #expect(
                    await ShimProcessHost.sweepLeftovers(runtimeDirectory: directory) { _ in .milliseconds(50) } == [])
                #expect(ProcessFacts.isAlive(identity))
                #expect(Directory.names(directory + "/shim") == [], "the record is of no more use")
            }
            rmdir(directory + "/shim")
            rmdir(directory)
        }

        @Test("nothing left is no line")
        func nothing() async {
            #expect(await ShimProcessHost.sweepLeftovers(runtimeDirectory: "/no/such") { _ in .seconds(1) } == [])
        }

        /// Starts a process and forgets about it, as a control plane does that is killed.
        private func leave(in directory: String, script: String, granted: Bool = false) async throws -> ProcessIdentity
        {
            let bench = try HostUnderTest(directory: directory, keepsDirectory: true)
            bench.start(script: script)
            let identity = try await bench.started()
            #expect(try await bench.word() == "ready")
            if granted { bench.host.grant(bench.plan("engine", ["/bin/sleep", "1000"]), generation: 2) }
            return identity
        }
    }
}
