import Glibc
import Logging
import StokerAdmin
import StokerCore
import StokerProbe
import Testing

@Suite("The admin server")
struct AdminServerTests {
    private let client = CurlClient()

    /// Serves while `body` runs, then cancels the server and waits for its end.
    private func serving<Value: Sendable>(
        _ address: AdminServer.Address, plane: FakeControlPlane = FakeControlPlane(),
        _ body: @Sendable (_ port: UInt16?) async throws -> Value
    ) async throws -> Value {
        let (listening, listens) = AsyncStream.makeStream(of: UInt16?.self)
        let server = AdminServer(
            address: address, api: api(plane), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) {
            listens.yield($0)
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { listens.finish() }
                try await server.run()
            }
            for await port in listening {
                let value = try await body(port)
                group.cancelAll()
                // A server that was cancelled may say so by an error; it must end, that is all.
                _ = await group.nextResult()
                return value
            }
            try await group.waitForAll()
            throw CancellationError()
        }
    }

    private func ask(
        _ path: String, _ method: String = "GET", socket: String, headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws(ClientError) -> ClientResponse {
        try await client.ask(
            ClientRequest(method, url: "http://stoker\(path)", unixSocket: socket, headers: headers, body: body))
    }

    @Test("answers over its unix socket, orders included")
    func unixSocket() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/control.sock"
            let plane = FakeControlPlane()
            try await serving(.unixSocket(path: path), plane: plane) { _ in
                let status = try await ask("/api/v1/status", socket: path)
                #expect(status.status == 200)
                #expect(status.headers["content-type"] == "application/json")
                #expect(status.headers["cache-control"] == "no-store")
                let report: StatusReport = try AdminJSON.decoded(from: status.body)
                #expect(report == healthyReport())
                let order = try await ask("/api/v1/processes/deepseek-a/restart", "POST", socket: path)
                #expect(order.status == 202)
                #expect(plane.seen.orders == ["restart deepseek-a"])
            }
        }
    }

    @Test("appears under its name only when it answers, for the owner and the group alone, and leaves nothing behind")
    func socketFile() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/control.sock"
            try await serving(.unixSocket(path: path)) { _ in
                #expect(names(in: directory) == ["control.sock"])
                var status = stat()
                #expect(stat(path, &status) == 0)
                #expect(status.st_mode & 0o777 == 0o660)
                #expect(status.st_mode & S_IFMT == S_IFSOCK)
            }
            #expect(names(in: directory) == [])
        }
    }

    @Test("takes the place of a socket that a dead daemon left")
    func staleSocket() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/control.sock"
            let descriptor = bound(path)
            #expect(descriptor >= 0)
            close(descriptor)
            #expect(names(in: directory) == ["control.sock"])
            try await serving(.unixSocket(path: path)) { _ in
                let response = try await ask("/healthz", socket: path)
                #expect(response.status == 200)
            }
        }
    }

    @Test("does not take the place of a daemon that lives")
    func livingSocket() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/control.sock"
            try await serving(.unixSocket(path: path)) { _ in
                await #expect(throws: AdminServerError(address: path, reason: "another process is serving there")) {
                    try await serving(.unixSocket(path: path)) { _ in }
                }
                let response = try await ask("/healthz", socket: path)
                #expect(response.status == 200)
            }
        }
    }

    @Test("does not remove a file that is no socket")
    func fileInTheWay() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/control.sock"
            write("precious", to: path)
            await #expect(throws: AdminServerError.self) { try await serving(.unixSocket(path: path)) { _ in } }
            #expect(names(in: directory) == ["control.sock"])
        }
    }

    @Test("says in one line that its directory is missing")
    func noDirectory() async throws {
        let path = "/nonexistent/control.sock"
        await #expect(throws: AdminServerError(address: path, reason: "No such file or directory")) {
            try await serving(.unixSocket(path: path)) { _ in }
        }
    }

    @Test("answers over TCP, but takes no orders there")
    func tcp() async throws {
        try await serving(.tcp(Endpoint(host: "127.0.0.1", port: 0))) { port in
            let base = "http://127.0.0.1:\(try #require(port))"
            let metrics = try await client.ask(ClientRequest(url: "\(base)/metrics"))
            #expect(metrics.status == 200)
            #expect(metrics.text.contains("stoker_tests_total 7\n"))
            let order = try await client.ask(ClientRequest("POST", url: "\(base)/api/v1/reload"))
            #expect(order.status == 403)
            let rebound = try await client.ask(
                ClientRequest(url: "\(base)/metrics", headers: ["Host": "evil.example"]))
            #expect(rebound.status == 403)
        }
    }

    @Test("answers HEAD with the head of GET and no body")
    func head() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/control.sock"
            try await serving(.unixSocket(path: path)) { _ in
                let get = try await ask("/metrics", socket: path)
                let head = try await ask("/metrics", "HEAD", socket: path)
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
                #expect(head.headers["content-length"] == "\(get.body.count)")
                #expect(head.headers["content-type"] == get.headers["content-type"])
            }
        }
    }

    @Test("names a port that is taken")
    func portInUse() async throws {
        try await serving(.tcp(Endpoint(host: "127.0.0.1", port: 0))) { port in
            let endpoint = Endpoint(host: "127.0.0.1", port: try #require(port))
            await #expect(throws: AdminServerError(address: endpoint.text, reason: "Address already in use")) {
                try await serving(.tcp(endpoint)) { _ in }
            }
        }
    }

    @Test("refuses a body that no request of ours has, and serves on")
    func largeBody() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/control.sock"
            let plane = FakeControlPlane()
            try await serving(.unixSocket(path: path), plane: plane) { _ in
                let large = [UInt8](repeating: 0, count: 100_000)
                let refused = try await ask("/api/v1/reload", "POST", socket: path, body: large)
                #expect(refused.status == 413)
                #expect(plane.seen.orders.isEmpty)
                let response = try await ask("/healthz", socket: path)
                #expect(response.status == 200)
            }
        }
    }

    @Test("refuses a head that is too large, and serves on")
    func largeHead() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/control.sock"
            try await serving(.unixSocket(path: path)) { _ in
                let headers = ["X": String(repeating: "x", count: 40_000)]
                let refused = try? await ask("/healthz", socket: path, headers: headers)
                #expect(refused == nil || (400..<500).contains(refused?.status ?? 0))
                let response = try await ask("/healthz", socket: path)
                #expect(response.status == 200)
            }
        }
    }
}

/// A bound unix socket that does not listen.
private func bound(_ path: String) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    return result == 0 ? descriptor : -1
}
