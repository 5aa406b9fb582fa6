import StokerProbe
import Synchronization
import Testing

@Suite("The HTTP client")
struct ClientTests {
    private let client = CurlClient()

    @Test("returns status, headers and body, whatever the status")
    func answers() async throws {
        try await TestServer.with { server in
            let response = try await client.ask(ClientRequest(url: server.url("/status/404")))
            #expect(response.status == 404)
            #expect(response.text == "status 404")
            #expect(response.headers["content-length"] == "10")
        }
    }

    @Test("joins repeated headers and trims their values")
    func headers() async throws {
        try await TestServer.with { server in
            let response = try await client.ask(ClientRequest(url: server.url("/headers")))
            #expect(response.headers["x-two"] == "a, b")
        }
    }

    @Test("sends a body as it is, with its type and no 100-continue dance", arguments: [1, 1_500_000])
    func body(size: Int) async throws {
        try await TestServer.with { server in
            let body = [UInt8](repeating: UInt8(ascii: "z"), count: size)
            let response = try await client.ask(
                ClientRequest(
                    "PUT", url: server.url("/echo"), headers: ["Content-Type": "application/json"], body: body))
            let head = "PUT type=application/json expect=- length=\(size) "
            #expect(response.text.hasPrefix(head))
            #expect(response.body.count == head.utf8.count + size)
        }
    }

    @Test("says the length of an order without a body", arguments: [nil, []] as [[UInt8]?])
    func emptyBody(body: [UInt8]?) async throws {
        try await TestServer.with { server in
            let response = try await client.ask(ClientRequest("POST", url: server.url("/echo"), body: body))
            #expect(response.text == "POST type=- expect=- length=0 ")
        }
    }

    @Test("asks for the head alone")
    func head() async throws {
        try await TestServer.with { server in
            let response = try await client.ask(ClientRequest("HEAD", url: server.url("/large/5")))
            #expect(response.headers["content-length"] == "5")
            #expect(response.body.isEmpty)
        }
    }

    @Test("reads an answer up to its bound and no byte more")
    func bounded() async throws {
        try await TestServer.with { server in
            let fits = try await client.ask(ClientRequest(url: server.url("/large/1000"), maxResponse: 1000))
            #expect(fits.body.count == 1000)
            await #expect(throws: ClientError(.tooLarge, "the answer is larger than allowed")) {
                try await client.ask(ClientRequest(url: server.url("/large/1001"), maxResponse: 1000))
            }
        }
    }

    @Test("bounds the headers of an answer too")
    func swollenHead() async throws {
        try await TestServer.with { server in
            await #expect(throws: ClientError(.tooLarge, "the answer is larger than allowed")) {
                try await client.ask(ClientRequest(url: server.url("/swollen/80")))
            }
        }
    }

    @Test("hands the body over piece by piece when asked to, without a bound and without keeping it")
    func streams() async throws {
        try await TestServer.with { server in
            let received = Atomic<Int>(0)
            let request = ClientRequest(url: server.url("/large/1000000"), maxResponse: 10)
            let response = try await client.ask(request) { received.add($0.count, ordering: .relaxed) }
            #expect(received.load(ordering: .relaxed) == 1_000_000)
            #expect(response.body.isEmpty)
        }
    }

    @Test("says after how long and in which phase it gave up")
    func timeout() async throws {
        try await TestServer.with { server in
            let error = await #expect(throws: ClientError.self) {
                try await client.send(ClientRequest(url: server.url("/nothing"), timeout: .milliseconds(100)))
            }
            #expect(error?.kind == .timeout)
            #expect(error?.message.hasSuffix("ms (first byte)") == true)
        }
    }

    @Test("refuses what would smuggle a header or cut a text", arguments: ["a\r\nb: c", "a\nb", "a\0b"])
    func smuggling(value: String) async {
        let request = ClientRequest(url: "http://127.0.0.1:1/", headers: ["X": value])
        await #expect(throws: ClientError(.invalid, "NUL or line break in the request")) {
            try await client.ask(request)
        }
    }

    @Test("calls a URL invalid that is none")
    func badURL() async {
        let error = await #expect(throws: ClientError.self) { try await client.ask(ClientRequest(url: "gopher://x/")) }
        #expect(error?.kind == .invalid)
    }
}

@Suite("Over a unix socket, the client")
struct UnixSocketClientTests {
    private let client = CurlClient()

    @Test("asks there and keeps the connection for the next question")
    func reuses() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/s"
            try await TestServer.with(unixSocket: path) { server in
                for _ in 0..<5 {
                    let request = ClientRequest(url: "http://stoker/status/200", unixSocket: path)
                    let response = try await client.ask(request)
                    #expect(response.status == 200)
                }
                #expect(server.connections.count == 1)
            }
        }
    }

    @Test("tells a missing socket by its errno")
    func missing() async throws {
        let request = ClientRequest(url: "http://stoker/", unixSocket: "/nonexistent/stoker.sock")
        let error = await #expect(throws: ClientError.self) { try await client.ask(request) }
        #expect(error?.kind == .connect)
        #expect(error?.systemError == 2)
        #expect(error?.message == "No such file or directory")
    }

    @Test("survives a server that went away between two questions")
    func restarted() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/s"
            let request = ClientRequest(url: "http://stoker/status/200", unixSocket: path)
            for _ in 0..<2 {
                try await TestServer.with(unixSocket: path) { _ in
                    let response = try await client.ask(request)
                    #expect(response.status == 200)
                }
            }
        }
    }

    @Test("refuses a path that does not fit the system's address")
    func longPath() async {
        let path = "/tmp/" + String(repeating: "a", count: 200)
        await #expect(throws: ClientError.self) {
            try await client.ask(ClientRequest(url: "http://stoker/", unixSocket: path))
        }
    }
}
