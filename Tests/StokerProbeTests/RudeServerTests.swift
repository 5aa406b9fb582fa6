import StokerCore
import StokerProbe
import Testing

@Suite("A rude server")
struct RudeServerTests {
    private let client = CurlClient()

    private func answer(to words: String) async throws -> Result<ClientResponse, ClientError> {
        try await TestServer.saying(words) { port in
            do throws(ClientError) {
                return .success(try await client.ask(ClientRequest(url: "http://127.0.0.1:\(port)/")))
            } catch {
                return .failure(error)
            }
        }
    }

    private func probe(_ words: String) async throws -> ProbeResult {
        try await TestServer.saying(words) { port in
            await client.probe(.http(url: "http://127.0.0.1:\(port)/"), timeout: .seconds(60))
        }
    }

    @Test(
        "gets no pass for what is no answer",
        arguments: [
            "hello\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "\r\n\r\n",
            "HTTP/1.1 abc OK\r\n\r\n",
        ])
    func noHTTP(words: String) async throws {
        let result = try await probe(words)
        #expect(!result.passed)
        #expect(result.connect != nil)
    }

    @Test("is not said to be asked wrongly when its answer is no HTTP")
    func kind() async throws {
        guard case .failure(let error) = try await answer(to: "hello\r\n") else {
            Issue.record("an answer")
            return
        }
        #expect(error.kind == .other)
    }

    @Test("that breaks off within the body is noticed, and not taken for a short answer")
    func brokenOff() async throws {
        guard case .failure(let error) = try await answer(to: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        else {
            Issue.record("an answer")
            return
        }
        #expect(error.kind == .closed)
    }

    @Test("that breaks off within a chunk is noticed too")
    func brokenChunk() async throws {
        let words = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf"
        guard case .failure(let error) = try await answer(to: words) else {
            Issue.record("an answer")
            return
        }
        #expect(error.kind == .closed)
    }

    @Test("may end its answer by closing, as HTTP/1.0 did")
    func untilClose() async throws {
        let response = try await answer(to: "HTTP/1.0 200 OK\r\n\r\nall of it").get()
        #expect(response.status == 200)
        #expect(response.text == "all of it")
    }

    @Test("may say that it is at it before it answers; only the answer's headers count")
    func interim() async throws {
        let words = "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 204 No Content\r\nX-Late: 1\r\n\r\n"
        let response = try await answer(to: words).get()
        #expect(response.status == 204)
        #expect(response.headers == ["x-late": "1"])
    }

    @Test("cannot make the client follow it elsewhere")
    func redirect() async throws {
        let words = "HTTP/1.1 307 Elsewhere\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"
        #expect(try await answer(to: words).get().status == 307)
        #expect(try await probe(words).failure == .status(307))
    }

    @Test("cannot fill the memory with headers")
    func endlessHeaders() async throws {
        let words =
            "HTTP/1.1 200 OK\r\n" + String(repeating: "X-Y: \(String(repeating: "z", count: 1000))\r\n", count: 200)
        guard case .failure(let error) = try await answer(to: words) else {
            Issue.record("an answer")
            return
        }
        #expect(error.kind == .tooLarge)
    }
}

@Suite("The client in words")
struct WordsTests {
    @Test("an error is its message, a response's text is its body")
    func texts() {
        #expect("\(ClientError(.closed, "gone"))" == "gone")
        #expect(ClientResponse(status: 200, body: [0x68, 0x69, 0xFF]).text == "hi\u{FFFD}")
    }

    @Test("a request keeps its connection over a unix socket only, unless told otherwise")
    func reuse() {
        #expect(!ClientRequest(url: "http://a/").reusesConnection)
        #expect(ClientRequest(url: "http://a/", unixSocket: "/s").reusesConnection)
        #expect(!ClientRequest(url: "http://a/", unixSocket: "/s", reusesConnection: false).reusesConnection)
    }
}
