import Glibc
import StokerCore
import StokerProbe
import Testing

@Suite("Cancellation and crowds")
struct CancellationTests {
    @Test("cancelling the task ends the transfer at once, and the server sees the connection go")
    func cancel() async throws {
        let client = CurlClient()
        try await TestServer.with { server in
            let request = ClientRequest(url: server.url("/nothing"), timeout: .seconds(600))
            let failure = await withTaskGroup(of: ClientError?.self) { group in
                group.addTask {
                    do throws(ClientError) {
                        _ = try await client.send(request)
                        return nil
                    } catch { return error }
                }
                await server.wait(for: .accepted)
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(failure?.kind == .cancelled)
            await server.wait(for: .closed)
        }
    }

    @Test("a child that is started meanwhile does not inherit the connection")
    func closeOnExec() async throws {
        let client = CurlClient()
        try await TestServer.with { server in
            let request = ClientRequest(url: server.url("/nothing"), timeout: .seconds(600))
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await client.send(request) }
                await server.wait(for: .accepted)
                let ours = (0..<4096).filter { peerPort(of: $0) == server.port }
                #expect(ours.count == 1)
                for descriptor in ours { #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0) }
                group.cancelAll()
            }
        }
    }

    @Test("a task that was cancelled before it asks does not ask")
    func cancelledBefore() async throws {
        let client = CurlClient()
        try await TestServer.with { server in
            let url = server.url("/status/200")
            let result = await withTaskGroup(of: ProbeResult.self) { group in
                group.cancelAll()
                group.addTask { await client.probe(.http(url: url), timeout: .seconds(60)) }
                return await group.next()
            }
            #expect(result?.failure == .other("cancelled"))
            #expect(server.connections.count == 0)
        }
    }

    @Test("a hundred questions at once share one thread and are all answered")
    func hundred() async throws {
        let client = CurlClient()
        try await TestServer.with { server in
            let url = server.url("/slow/50")
            let passed = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask { await client.probe(.http(url: url), timeout: .seconds(60)).passed }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(passed == 100)
            #expect(server.connections.count == 100)
        }
    }

    @Test("a client that is let go while it waits ends what is under way as cancelled")
    func letGo() async throws {
        try await TestServer.with { server in
            let url = server.url("/nothing")
            // The task's own reference is the only one; `probe` keeps the client alive until it returns, so the client
            // ends only after the probe: what is tested is that nothing hangs and nothing leaks a thread.
            for _ in 0..<20 {
                let result = await CurlClient().probe(.http(url: url), timeout: .milliseconds(5))
                #expect(!result.passed)
            }
        }
    }
}

/// The port that a descriptor is connected to over IPv4; nil when it is not.
private func peerPort(of descriptor: Int32) -> UInt16? {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
    }
    guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
    return UInt16(bigEndian: address.sin_port)
}
