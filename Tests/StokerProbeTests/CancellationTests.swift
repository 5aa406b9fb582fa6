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

    @Test("a task that was cancelled before it asks does not ask")
    func cancelledBefore() async throws {
        let client = CurlClient()
        try await TestServer.with { server in
            let url = server.url("/status/200")
            let result = await withTaskGroup(of: ProbeResult.self) { group in
                group.cancelAll()
                group.addTask { await client.probe(.http(url: url), timeout: .seconds(10)) }
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
                    group.addTask { await client.probe(.http(url: url), timeout: .seconds(20)).passed }
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
