import Glibc
import ShimProtocol
import StokerHost
import Testing

extension ShimProcesses {
    @Suite struct SuccessionTests {
        @Test("a granted successor is started when the child has ended, and both are told in this order")
        func succeeds() async throws {
            let shim = try ShimUnderTest()
            let first = try await shim.start(script: "echo old; echo ready >&3; exec sleep 1000")
            #expect(try await shim.word() == "ready")
            shim.send(.grant(script("echo new; echo ready >&3; exec sleep 1000", shim)))
            try await settle(shim)
            kill(first.pid, SIGKILL)
            guard case .succeeded(let exit) = try await shim.next() else { throw ShimUnderTest.Silence() }
            #expect(exit.generation == 1)
            #expect(exit.status == .signal(SIGKILL, dumpedCore: false))
            guard case .started(let second) = try await shim.next() else { throw ShimUnderTest.Silence() }
            #expect(second.generation == 2)
            #expect(ShimProcesses.isRunning(second.pid))
            let record = TextFile.read(shim.launcher.identityPath(of: "engine")) ?? ""
            #expect(record.hasPrefix("\(second.pid) \(second.startTime) "))
            #expect(try await state(shim) == ShimState(shim: shim.shim.pid, running: second, lastExit: exit))
            #expect(try await shim.word() == "ready")
            shim.send(.terminate(generation: 2))
            _ = try await shim.exit()
            #expect(shim.logged == "old\nnew\n")
        }

        @Test("a grant is good for one start")
        func once() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "exec sleep 1000")
            shim.send(.grant(script("exit 2", shim)))
            try await settle(shim)
            kill(child.pid, SIGKILL)
            #expect(try await succession(shim).status == .signal(SIGKILL, dumpedCore: false))
            #expect(try await shim.exit().status == .code(2))
            #expect(try await state(shim).running == nil)
        }

        @Test("the newest grant counts")
        func newest() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "exec sleep 1000")
            shim.send(.grant(script("echo older >&3", shim)))
            shim.send(.grant(script("echo newer >&3", shim)))
            try await settle(shim)
            kill(child.pid, SIGKILL)
            #expect(try await shim.word() == "newer")
        }

        @Test(
            "there is no successor after an order to end, a revocation, or for another generation",
            arguments: [
                .terminate(generation: 1), .kill(generation: 1), .revoke, .quit,
            ] as [ShimOrder])
        func revoked(order: ShimOrder) async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "trap '' TERM; echo ready >&3; while :; do sleep 1000; done")
            #expect(try await shim.word() == "ready")
            shim.send(.grant(script("exec sleep 1000", shim)))
            shim.send(.grant(script("exec sleep 1000", shim, generation: 3)))
            shim.send(order)
            try await settle(shim)
            kill(child.pid, SIGKILL)
            #expect(try await shim.exit().status == .signal(SIGKILL, dumpedCore: false))
            #expect(try await state(shim).running == nil)
        }

        @Test("orders that cross a succession name the old generation and leave the successor alone")
        func crossed() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "exec sleep 1000")
            shim.send(.grant(script("exec sleep 1000", shim)))
            try await settle(shim)
            kill(child.pid, SIGKILL)
            _ = try await succession(shim)
            shim.send(.terminate(generation: 1))
            shim.send(.kill(generation: 1))
            shim.send(.revoke)
            let running = try #require(try await state(shim).running)
            #expect(running.generation == 2)
            #expect(ShimProcesses.isRunning(running.pid))
        }

        @Test("what the child leaves behind is ended before its successor starts")
        func leftoversFirst() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(
                script: "setsid sh -c 'trap \"\" TERM; echo $$ >&3; while :; do sleep 1000; done' & exec sleep 1000")
            let leftover = try await shim.word()
            let look = "if kill -0 \(leftover); then echo alive >&3; else echo gone >&3; fi; exec sleep 1000"
            shim.send(.grant(script(look, shim)))
            try await settle(shim)
            kill(child.pid, SIGKILL)
            #expect(try await shim.word() == "gone")
            #expect(try await succession(shim).leftovers >= 1)
        }

        @Test("a successor that cannot be started is told as any other, after the end")
        func fails() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "exec sleep 1000")
            shim.send(.grant(shim.order(["/no/such/engine"], generation: 2)))
            try await settle(shim)
            kill(child.pid, SIGKILL)
            let exit = try await succession(shim)
            let failure = StartFailure(step: .program, error: ENOENT)
            #expect(try await shim.next() == .startFailed(generation: 2, failure: failure))
            #expect(try await state(shim) == ShimState(shim: shim.shim.pid, lastExit: exit))
            #expect(access(shim.launcher.identityPath(of: "engine"), F_OK) != 0, "nothing runs, so there is no record")
            try await shim.start(shim.order(["/bin/sleep", "1000"], generation: 3))
        }

        @Test("without a control plane a child is started again, once; the next one is told of both")
        func alone() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "exec sleep 1000")
            shim.send(.grant(script("echo $$ >&3; exec sleep 1000", shim)))
            try await settle(shim)
            shutdown(shim.shim.socket.number, Int32(SHUT_RDWR))
            kill(child.pid, SIGKILL)
            let successor = try #require(Int32(try await shim.word()))
            let socket = try shim.connect()
            guard case .state(let state) = try await shim.next(on: socket) else { throw ShimUnderTest.Silence() }
            #expect(state.running?.pid == successor)
            #expect(state.lastExit?.status == .signal(SIGKILL, dumpedCore: false))
            kill(successor, SIGKILL)
            guard case .exited = try await shim.next(on: socket) else { throw ShimUnderTest.Silence() }
        }

        @Test("another control plane is not bound by what the one before has granted")
        func newConnection() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "exec sleep 1000")
            shim.send(.grant(script("exec sleep 1000", shim)))
            try await settle(shim)
            let socket = try shim.connect()
            #expect(try await shim.next(on: socket) == .state(ShimState(shim: shim.shim.pid, running: child)))
            kill(child.pid, SIGKILL)
            guard case .exited = try await shim.next(on: socket) else { throw ShimUnderTest.Silence() }
        }

        private func script(_ text: String, _ shim: ShimUnderTest, generation: UInt64 = 2) -> StartOrder {
            shim.order(["/bin/sh", "-c", text], generation: generation)
        }

        private func state(_ shim: ShimUnderTest) async throws -> ShimState {
            shim.send(.report)
            return try await shim.next { if case .state(let state) = $0 { state } else { nil } }
        }

        /// Returns when the shim has taken all orders up to now.
        private func settle(_ shim: ShimUnderTest) async throws {
            shim.send(.report)
            _ = try await shim.next { if case .state(let state) = $0 { state.running } else { nil } }
        }

        private func succession(_ shim: ShimUnderTest) async throws -> ChildExit {
            try await shim.next { if case .succeeded(let exit) = $0 { exit } else { nil } }
        }
    }
}
