import Glibc
import ShimProtocol
import StokerHost
import Testing

extension ShimProcesses {
    @Suite struct EndTests {
        @Test("SIGTERM goes to the whole process group")
        func terminate() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "sleep 1000 & echo $! >&3; wait")
            let worker = try #require(Int32(try await shim.word()))
            shim.send(.terminate(generation: 1))
            #expect(try await shim.exit().status == .signal(SIGTERM, dumpedCore: false))
            #expect(!ShimProcesses.isRunning(child.pid))
            #expect(!ShimProcesses.isRunning(worker))
        }

        @Test("a stopped child hears SIGTERM too")
        func stopped() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(shim.order(["/bin/sleep", "1000"]))
            kill(child.pid, SIGSTOP)
            shim.send(.terminate(generation: 1))
            #expect(try await shim.exit().status == .signal(SIGTERM, dumpedCore: false))
        }

        @Test("a child that ignores SIGTERM goes on, and ends by kill")
        func ignoresTerm() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(
                script: "trap 'echo heard >&3' TERM; echo ready >&3; while :; do sleep 1000 & wait; done")
            #expect(try await shim.word() == "ready")
            shim.send(.terminate(generation: 1))
            #expect(try await shim.word() == "heard")
            #expect(ShimProcesses.isRunning(child.pid))
            shim.send(.kill(generation: 1))
            #expect(try await shim.exit().status == .signal(SIGKILL, dumpedCore: false))
        }

        @Test("kill leaves nothing, not even a grandchild in another session that ignores SIGTERM")
        func killsTree() async throws {
            let shim = try ShimUnderTest()
            try await shim.start(script: Self.family + "sleep 1000")
            let grandchildren = try await pids(4, shim)
            shim.send(.kill(generation: 1))
            #expect(try await shim.exit().status == .signal(SIGKILL, dumpedCore: false))
            #expect(grandchildren.filter(ShimProcesses.isRunning) == [])
        }

        @Test("what a child leaves behind at its own end is ended before that is told")
        func leftovers() async throws {
            let shim = try ShimUnderTest()
            try await shim.start(script: Self.family + "exit 3")
            let grandchildren = try await pids(4, shim)
            let exit = try await shim.exit()
            #expect(exit.status == .code(3))
            #expect(exit.leftovers >= 1)
            #expect(grandchildren.filter(ShimProcesses.isRunning) == [])
        }

        @Test("leftovers that end by SIGTERM are not waited for any longer")
        func politeLeftovers() async throws {
            let shim = try ShimUnderTest()
            let clock = ContinuousClock()
            try await shim.start(script: "setsid sleep 1000 & echo $! >&3; sleep 0.1; exit 0")
            let leftover = try #require(Int32(try await shim.word()))
            let took = try await clock.measure { _ = try await shim.exit() }
            #expect(!ShimProcesses.isRunning(leftover))
            #expect(took < .milliseconds(450), "SIGKILL would have come after 500 ms")
        }

        @Test("a child that was killed is told apart from one that exited")
        func signals() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "sleep 1000")
            kill(child.pid, SIGKILL)
            #expect(try await shim.exit().status == .signal(SIGKILL, dumpedCore: false))
        }

        @Test("orphans that end meanwhile leave no zombie")
        func zombies() async throws {
            let shim = try ShimUnderTest()
            try await shim.start(
                script: """
                    i=0; while [ $i -lt 100 ]; do (sleep 0.01 & ) ; i=$((i+1)); done
                    sleep 0.1; echo done >&3; exec sleep 1000
                    """)
            #expect(try await shim.word() == "done")
            // The state is answered after the signals that came before it.
            shim.send(.report)
            _ = try await shim.next { if case .state = $0 { true } else { nil } }
            let zombies = ProcessTable.read().tree(of: shim.shim.pid).filter(\.isEnded)
            #expect(zombies.isEmpty)
        }

        @Test("an order for another generation is ignored")
        func stale() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(shim.order(["/bin/sleep", "1000"], generation: 5))
            shim.send(.terminate(generation: 4))
            shim.send(.kill(generation: 6))
            shim.send(.report)
            let state = try await shim.next {
                if case .state(let state) = $0, state.running != nil { state } else { nil }
            }
            #expect(state.running == child)
            #expect(ShimProcesses.isRunning(child.pid))
        }

        /// Four workers, each in a session of its own or twice forked, deaf to SIGTERM; their PIDs on descriptor 3.
        private static let family = """
            setsid sh -c 'trap "" TERM; echo $$ >&3; while :; do sleep 1000; done' &
            (setsid sh -c 'trap "" TERM; echo $$ >&3; while :; do sleep 1000; done' &)
            sh -c 'trap "" TERM; echo $$ >&3; setsid sh -c "echo \\$\\$ >&3; while :; do sleep 1000; done" & wait' &
            sleep 0.3

            """

        private func pids(_ count: Int, _ shim: ShimUnderTest) async throws -> [Int32] {
            var pids: [Int32] = []
            for _ in 0..<count { pids.append(try #require(Int32(try await shim.word()))) }
            return pids
        }
    }
}
