import Glibc
import ShimProtocol
import StokerHost
import Testing

extension ShimProcesses {
    @Suite struct ConversationTests {
        @Test("when the control plane is gone the child lives on, and its end is told to the next connection")
        func reconnects() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "trap 'exit 9' TERM; echo ready >&3; sleep 1000 & wait")
            #expect(try await shim.word() == "ready")
            shutdown(shim.shim.socket.number, Int32(SHUT_RDWR))
            #expect(ShimProcesses.isRunning(child.pid))
            kill(child.pid, SIGTERM)
            let exit = try await lastExit(shim)
            #expect(exit.generation == 1)
            #expect(exit.status == .code(9))
        }

        @Test("a connection while the child runs says what runs")
        func second() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "sleep 1000")
            let second = try shim.connect()
            #expect(try await shim.next(on: second) == .state(ShimState(shim: shim.shim.pid, running: child)))
            #expect(await shim.hasEnded(shim.shim.socket), "a control plane has one connection, the newest")
        }

        @Test("nonsense ends the connection, not the shim")
        func nonsense() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "sleep 1000")
            for packet in [[0xFF], [ShimProtocol.version, 200], Array(repeating: 1, count: 100_000)] as [[UInt8]] {
                let socket = try shim.connect()
                #expect(PacketSocket.send(packet, to: socket) == .sent)
                #expect(await shim.hasEnded(socket))
            }
            let socket = try shim.connect()
            #expect(try await shim.next(on: socket) == .state(ShimState(shim: shim.shim.pid, running: child)))
        }

        @Test("a control plane that does not listen is cut off before it can hold anything up")
        func deaf() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "sleep 1000")
            let deaf = try shim.connect()
            let question = ShimOrder.report.encoded
            while PacketSocket.send(question, to: deaf) == .sent {}
            let other = try shim.connect()
            #expect(try await shim.next(on: other) == .state(ShimState(shim: shim.shim.pid, running: child)))
        }

        @Test("quit ends a shim that has no child, and its socket is removed")
        func quits() async throws {
            let shim = try ShimUnderTest()
            shim.send(.quit)
            #expect(await shim.waitForEnd(of: shim.shim.pid))
            #expect(access(shim.launcher.socketPath(of: "engine"), F_OK) != 0)
        }

        @Test("quit does nothing while a child runs, then or at its end")
        func quitsNot() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(script: "sleep 1000")
            shim.send(.quit)
            shim.send(.kill(generation: 1))
            _ = try await shim.exit()
            #expect(!ShimProcesses.isRunning(child.pid))
            try await shim.start(shim.order(["/bin/true"], generation: 2))
            #expect(try await shim.exit().generation == 2)
        }

        @Test("SIGTERM to a shim ends its child in good order, then the shim")
        func terminated() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(
                script: "trap 'echo bye >&3; exit 0' TERM; echo ready >&3; sleep 1000 & wait")
            #expect(try await shim.word() == "ready")
            kill(shim.shim.pid, SIGTERM)
            #expect(try await shim.word() == "bye")
            #expect(await shim.waitForEnd(of: shim.shim.pid))
            #expect(!ShimProcesses.isRunning(child.pid))
        }

        @Test("when the shim is killed the child lives on and may still write")
        func shimKilled() async throws {
            let shim = try ShimUnderTest()
            let child = try await shim.start(
                script: """
                    trap 'go=1' USR1; echo ready >&3
                    while [ -z "$go" ]; do sleep 1000 & wait; done
                    head -c 60000 /dev/zero; echo wrote >&3; exec sleep 1000
                    """)
            #expect(try await shim.word() == "ready")
            kill(shim.shim.pid, SIGKILL)
            #expect(await shim.waitForEnd(of: shim.shim.pid))
            kill(child.pid, SIGUSR1)
            #expect(try await shim.word() == "wrote", "no SIGPIPE, and the pipe holds what nobody reads")
            #expect(ShimProcesses.isRunning(child.pid))
            for entry in ProcessTable.read().entries.values where entry.session == child.pid {
                kill(entry.pid, SIGKILL)
            }
        }

        private func lastExit(_ shim: ShimUnderTest) async throws -> ChildExit {
            // The shim may still be at it when the kernel already shows the child as gone.
            while true {
                let socket = try shim.connect()
                guard case .state(let state) = try await shim.next(on: socket) else { continue }
                if let exit = state.lastExit { return exit }
            }
        }
    }
}
