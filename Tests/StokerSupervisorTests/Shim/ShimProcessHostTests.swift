import Glibc
import StokerCore
import StokerHost
import StokerSupervisor
import Testing

/// Real shims and real children, one test after the other.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ShimProcessHostTests {
    @Test("a process is started, logged, and its end told in order")
    func life() async throws {
        let bench = try HostUnderTest()
        bench.start(script: "echo hello; exit 4")
        let identity = try await bench.started()
        #expect(identity.bootID == ProcessFacts.bootID)
        let exit = try await bench.exit()
        #expect(exit.status == .code(4))
        #expect(exit.outOfMemory == false)
        #expect(exit.evidence.first?.hasPrefix("peak resident size") == true)
        #expect(bench.log() == "hello\n")
        await bench.host.shutdown()
    }

    @Test("restarts go through the same shim")
    func restarts() async throws {
        let bench = try HostUnderTest()
        var shims: Set<Int32> = []
        for generation in 1...20 as ClosedRange<UInt64> {
            bench.start(script: "exec sleep 1000", generation: generation)
            let identity = try await bench.started()
            shims.insert(try bench.shim(of: identity))
            kill(identity.pid, SIGKILL)
            let exit = try await bench.exit()
            #expect(exit.status == .signal(SIGKILL, dumpedCore: false))
            #expect(exit.outOfMemory == false)
        }
        #expect(shims.count == 1)
        await bench.host.shutdown()
    }

    @Test("a granted restart is told as an end with its evidence, then as a start")
    func succession() async throws {
        let bench = try HostUnderTest()
        let successor = bench.plan("engine", ["/bin/sh", "-c", "echo successor; exec sleep 1000"])
        var generation: UInt64 = 0
        var exit: ProcessExit?
        // A death can overtake the grant: then it is told as any other, and the next one is tried.
        while exit == nil {
            generation += 1
            bench.start(script: "exec sleep 1000", generation: generation)
            let child = try await bench.started()
            bench.host.grant(successor, generation: generation + 1)
            kill(child.pid, SIGKILL)
            exit = try await bench.next { event -> ProcessExit?? in
                switch event.kind {
                case .succeeded(let exit): .some(exit)
                case .exited: .some(nil)
                default: nil
                }
            }
        }
        #expect(exit?.status == .signal(SIGKILL, dumpedCore: false))
        #expect(exit?.outOfMemory == false)
        #expect(try await bench.next { $0 }.generation == generation + 1)
        bench.host.terminate("engine", generation: generation + 1)
        _ = try await bench.exit()
        await bench.host.shutdown()
    }

    @Test("terminate ends a polite process, kill any other")
    func stops() async throws {
        let bench = try HostUnderTest()
        bench.start(script: "exec sleep 1000")
        _ = try await bench.started()
        bench.host.terminate("engine", generation: 1)
        #expect(try await bench.exit().status == .signal(SIGTERM, dumpedCore: false))
        bench.start(script: "trap '' TERM; echo deaf >&3; while :; do sleep 1000; done", generation: 2)
        #expect(try await bench.word() == "deaf")
        bench.host.terminate("engine", generation: 2)
        bench.host.kill("engine", generation: 2)
        #expect(try await bench.exit().status == .signal(SIGKILL, dumpedCore: false))
        await bench.host.shutdown()
    }

    @Test("what cannot be started is told in one line with the path")
    func failures() async throws {
        let bench = try HostUnderTest()
        bench.host.start(bench.plan("engine", ["/usr/bin/vllm-not-there"]), generation: 1)
        #expect(try await bench.failure() == "/usr/bin/vllm-not-there: No such file or directory")
        var plan = bench.plan("engine", ["/bin/true"])
        plan.directory = "/no/such/directory"
        bench.host.start(plan, generation: 2)
        #expect(try await bench.failure() == "directory /no/such/directory: No such file or directory")
        var large = bench.plan("engine", ["/bin/true"])
        large.environment["BIG"] = Secret(String(repeating: "x", count: 200_000), isSecret: false)
        bench.host.start(large, generation: 3)
        #expect(try await bench.failure() == "/bin/true: Argument list too long")
        await bench.host.shutdown()
    }

    @Test("a missing shim is a failed start, told with its path")
    func noShim() async throws {
        let bench = try HostUnderTest(shimProgram: "/no/such/stoker-shim")
        bench.start(script: "true")
        #expect(
            try await bench.failure()
                == "its shim cannot be started: /no/such/stoker-shim: No such file or directory")
        await bench.host.shutdown()
    }

    @Test("a listening socket of ours is the child's descriptor 3, at each start")
    func inherits() async throws {
        let socket = try ListeningSocket.open(Endpoint(host: "127.0.0.1", port: 0))
        let bench = try HostUnderTest(inherit: InheritedDescriptor(number: socket.number, name: "gateway"))
        let ours = try #require(Directory.target(of: "/proc/self/fd/\(socket.number)"))
        for generation in 1...2 as ClosedRange<UInt64> {
            bench.start(
                script: "readlink /proc/self/fd/3; echo $LISTEN_FDS $LISTEN_FDNAMES", generation: generation)
            _ = try await bench.exit()
        }
        #expect(bench.log() == "\(ours)\n1 gateway\n\(ours)\n1 gateway\n")
        await bench.host.shutdown()
    }

    @Test("when a shim is killed its child lives on, is logged on, and its end is told as unknown")
    func shimKilled() async throws {
        let bench = try HostUnderTest()
        bench.start(
            script: """
                trap 'head -c 700000 /dev/zero | tr "\\0" x; echo end; exit 3' TERM
                echo ready >&3; while :; do sleep 1000 & wait; done
                """)
        let identity = try await bench.started()
        #expect(try await bench.word() == "ready")
        kill(try bench.shim(of: identity), SIGKILL)
        let why = try await bench.next { if case .shimLost(let why) = $0.kind { why } else { nil } }
        #expect(why.hasSuffix("died of signal 9"))
        #expect(ProcessFacts.isAlive(identity))
        // More than the pipe holds: it can only end if somebody drains it.
        bench.host.terminate("engine", generation: 1)
        let exit = try await bench.exit()
        #expect(exit.status == .unknown)
        #expect(exit.evidence == [why])
        bench.start(script: "echo next; echo said >&3; exec sleep 1000", generation: 2)
        let next = try await bench.started()
        #expect(try await bench.word() == "said")
        #expect(bench.log().utf8.prefix(700_000).allSatisfy { $0 == UInt8(ascii: "x") })
        bench.host.kill("engine", generation: 2)
        #expect(try await bench.exit().status == .signal(SIGKILL, dumpedCore: false))
        #expect(bench.log().suffix(9) == "end\nnext\n")
        #expect(!ProcessFacts.isAlive(next))
        await bench.host.shutdown()
    }

    @Test("an orphan that ignores SIGTERM is killed with its family")
    func killsOrphan() async throws {
        let bench = try HostUnderTest()
        bench.start(script: "trap '' TERM; setsid sleep 1000 & echo ready >&3; while :; do sleep 1000; done")
        let identity = try await bench.started()
        #expect(try await bench.word() == "ready")
        kill(try bench.shim(of: identity), SIGKILL)
        _ = try await bench.next { if case .shimLost = $0.kind { true } else { nil } }
        let family = ProcessTable.read().tree(of: identity.pid).map(\.pid)
        bench.host.kill("engine", generation: 1)
        #expect(try await bench.exit().status == .unknown)
        for pid in family {
            let left = ProcessFacts.identity(of: pid)
            if let left { #expect(await waitForEnd(of: left)) }
        }
        await bench.host.shutdown()
    }

    @Test("a process that is forgotten takes its shim along, and may come back at once")
    func forgets() async throws {
        let bench = try HostUnderTest()
        bench.start(script: "exec sleep 1000")
        let identity = try await bench.started()
        let shim = try #require(ProcessFacts.identity(of: try bench.shim(of: identity)))
        bench.host.kill("engine", generation: 1)
        _ = try await bench.exit()
        bench.host.forget("engine")
        bench.start(script: "exit 6", generation: 2)
        #expect(try await bench.exit().status == .code(6))
        #expect(await waitForEnd(of: shim))
        await bench.host.shutdown()
    }

    @Test("shutdown leaves no shim and no socket, and ends the events")
    func shutsDown() async throws {
        let bench = try HostUnderTest()
        bench.start(script: "exit 0")
        let identity = try await bench.started()
        _ = try await bench.exit()
        await bench.host.shutdown()
        #expect(Directory.names(bench.directory + "/shim") == [])
        #expect(ProcessTable.read().entries.values.allSatisfy { $0.pid != identity.pid })
        var rest = 0
        for await _ in bench.host.events { rest += 1 }
        #expect(rest == 0)
    }
}
