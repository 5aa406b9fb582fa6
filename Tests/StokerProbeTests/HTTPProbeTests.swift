import StokerCore
import StokerProbe
import StokerTesting
import Testing

@Suite("An HTTP probe")
struct HTTPProbeTests {
    private let client = CurlClient()
    /// Long, because a test machine may be busy; nothing waits for it to pass.
    private let patience = Duration.seconds(60)

    @Test("passes on any 2xx and times each phase in order")
    func passes() async throws {
        try await TestServer.with { server in
            for status in [200, 204, 299] {
                let result = await client.probe(.http(url: server.url("/status/\(status)")), timeout: patience)
                #expect(result.failure == nil)
                let lookup = try #require(result.nameLookup)
                let connect = try #require(result.connect)
                let firstByte = try #require(result.firstByte)
                #expect(lookup <= connect && connect <= firstByte && firstByte <= result.total)
                #expect(result.tls == nil)
            }
        }
    }

    @Test("fails with the status on anything else, redirects included", arguments: [302, 404, 429, 500, 503])
    func failsByStatus(status: Int) async throws {
        try await TestServer.with { server in
            let path = status == 302 ? "/redirect" : "/status/\(status)"
            let result = await client.probe(.http(url: server.url(path)), timeout: patience)
            #expect(result.failure == .status(status))
            #expect(result.text == "HTTP \(status)")
        }
    }

    @Test("says in the system's words that nobody listens")
    func refused() async throws {
        let port = try HeldPort()
        let result = await client.probe(.http(url: "http://127.0.0.1:\(port.number)/health"), timeout: patience)
        #expect(result.failure == .connect("Connection refused"))
        #expect(result.connect == nil)
        withExtendedLifetime(port) {}
    }

    @Test("names the phase in which a server that accepts and never answers lost its time")
    func blackHole() async throws {
        try await TestServer.with { server in
            let result = await client.probe(.http(url: server.url("/nothing")), timeout: .milliseconds(400))
            #expect(result.failure == .timeout(phase: "first byte"))
            #expect(result.connect != nil)
            #expect(result.firstByte == nil)
            #expect(result.total >= .milliseconds(399))
        }
    }

    @Test("names the body when the answer begins and does not end")
    func stalledBody() async throws {
        try await TestServer.with { server in
            let result = await client.probe(.http(url: server.url("/stall")), timeout: .seconds(3))
            #expect(result.failure == .timeout(phase: "body"))
        }
    }

    @Test("puts a late answer into the phase of the first byte and not into the connect")
    func slowFirstByte() async throws {
        try await TestServer.with { server in
            let result = await client.probe(.http(url: server.url("/slow/120")), timeout: patience)
            #expect(result.passed)
            let connect = try #require(result.connect)
            let firstByte = try #require(result.firstByte)
            #expect(firstByte - connect >= .milliseconds(115))
        }
    }

    @Test("lets the status decide and does not read a huge page to its end")
    func hugePage() async throws {
        try await TestServer.with { server in
            let result = await client.probe(.http(url: server.url("/large/2000000")), timeout: patience)
            #expect(result.failure == nil)
        }
    }

    @Test("fails when the connection is closed without an answer")
    func hangup() async throws {
        try await TestServer.with { server in
            let result = await client.probe(.http(url: server.url("/hangup")), timeout: patience)
            #expect(result.failure == .other("the connection was closed without an answer"))
        }
    }

    @Test("makes a new connection each time, because that is what the next client needs")
    func freshConnections() async throws {
        try await TestServer.with { server in
            for _ in 0..<3 { _ = await client.probe(.http(url: server.url("/status/200")), timeout: patience) }
            #expect(server.connections.count == 3)
        }
    }

    @Test(
        "fails without harm on a URL that is none",
        arguments: [
            "", "http://", "ftp://127.0.0.1/", "file:///etc/passwd", "http://[::1", "http://a\nb/", "http://x\0y/",
        ])
    func badURL(url: String) async {
        let result = await client.probe(.http(url: url), timeout: patience)
        #expect(!result.passed)
        #expect(!result.text.isEmpty)
    }

    @Test("says that the name does not resolve")
    func unknownHost() async {
        let result = await client.probe(.http(url: "http://no-such-host.invalid/"), timeout: patience)
        guard case .connect(let why) = result.failure else {
            Issue.record("\(result)")
            return
        }
        #expect(why.contains("no-such-host.invalid"))
    }

    @Test("speaks no TLS to a server that speaks none, and says where it stopped")
    func noTLS() async throws {
        try await TestServer.with { server in
            let url = "https://127.0.0.1:\(server.port)/status/200"
            let result = await client.probe(.http(url: url), timeout: patience)
            guard case .connect = result.failure else {
                Issue.record("\(result)")
                return
            }
            #expect(result.tls == nil)
        }
    }

    @Test("refuses a timeout that is not positive")
    func noTimeout() async {
        let result = await client.probe(.http(url: "http://127.0.0.1:1/"), timeout: .zero)
        #expect(result.failure == .other("the timeout is not positive"))
    }

    @Test("leaves exec targets to the supervisor")
    func exec() async {
        let result = await client.probe(.exec(command: ["true"]), timeout: patience)
        #expect(!result.passed)
    }
}

@Suite("A TCP probe")
struct TCPProbeTests {
    private let client = CurlClient()

    @Test("passes when the connection is accepted, whatever is spoken there, and closes it again")
    func passes() async throws {
        try await TestServer.with { server in
            let result = await client.probe(.tcp(host: "127.0.0.1", port: server.port), timeout: .seconds(60))
            #expect(result.failure == nil)
            #expect(result.connect != nil)
            #expect(result.firstByte == nil)
            await server.wait(for: .closed)
        }
    }

    @Test("fails when nobody listens")
    func refused() async throws {
        let port = try HeldPort()
        let result = await client.probe(.tcp(host: "127.0.0.1", port: port.number), timeout: .seconds(60))
        #expect(result.failure == .connect("Connection refused"))
        withExtendedLifetime(port) {}
    }
}
