import NIOCore
import StokerCore
import StokerSimulator
import Testing

@Suite struct RouteTests {
    @Test(arguments: SimulatorDialect.allCases) func `every dialect speaks OpenAI's API and the simulator's own`(
        dialect: SimulatorDialect
    ) {
        #expect(Route.of("POST", "/v1/chat/completions", dialect) == .answer(.chat))
        #expect(Route.of("POST", "/v1/completions", dialect) == .answer(.text))
        #expect(Route.of("GET", "/v1/models", dialect) == .models)
        #expect(Route.of("GET", "/ping", dialect) == .ping)
        #expect(Route.of("GET", "/simulator/state", dialect) == .simulator("state"))
        #expect(Route.of("GET", "/nothing", dialect) == .unknown)
        #expect(Route.of("GET", "/v1/completions", dialect) == .wrongMethod)
    }

    @Test(arguments: [
        (SimulatorDialect.vllm, "GET", "/health", Route.health), (.vllm, "GET", "/version", .version),
        (.vllm, "GET", "/metrics", .metrics), (.vllm, "POST", "/api/chat", .unknown),
        (.vllm, "GET", "/slots", .unknown),
        (.sglang, "GET", "/health", .generatedHealth), (.sglang, "GET", "/health_generate", .generatedHealth),
        (.sglang, "GET", "/ready", .readiness), (.sglang, "GET", "/get_model_info", .modelInfo),
        (.llamaCpp, "GET", "/health", .health), (.llamaCpp, "GET", "/slots", .slots),
        (.llamaCpp, "GET", "/props", .props),
        (.llamaCpp, "POST", "/completion", .answer(.llama)), (.ollama, "GET", "/", .greeting),
        (.ollama, "HEAD", "/", .greeting), (.ollama, "GET", "/api/tags", .tags),
        (.ollama, "GET", "/api/version", .version),
        (.ollama, "POST", "/api/generate", .answer(.generate)), (.ollama, "POST", "/api/chat", .answer(.ollamaChat)),
        (.ollama, "GET", "/metrics", .unknown), (.ollama, "GET", "/health", .unknown),
    ])
    func `a dialect has its own paths`(dialect: SimulatorDialect, method: String, path: String, route: Route) {
        #expect(Route.of(method, path, dialect) == route)
    }
}

@Suite struct ListenRangeTests {
    @Test(arguments: [
        ("127.0.0.1:9001", "127.0.0.1", 9001, 1), ("127.0.0.1:9001-9100", "127.0.0.1", 9001, 100),
        ("[::1]:9001-9002", "::1", 9001, 2), ("my-host:9001", "my-host", 9001, 1),
        ("my-host:9001-9003", "my-host", 9001, 3), ("a:1-1", "a", 1, 1), ("a:0", "a", 0, 1),
    ])
    func `a port or a range is read`(text: String, host: String, first: UInt16, count: Int) throws {
        let range = try #require(ListenRange(text: text))
        #expect(range.host == host)
        #expect(range.endpoints.count == count)
        #expect(range.endpoints.first == Endpoint(host: host, port: first))
        #expect(range.endpoints.last?.port == first + UInt16(count - 1))
    }

    @Test(arguments: ["", "9001", "a:", "a:2-1", "a:1-", "a:-5", "a:0-5", "a:1-70000", "a:1-2000", "a:1-2-3", ":1-2"])
    func `what is neither is refused`(text: String) {
        #expect(ListenRange(text: text) == nil)
    }
}

@Suite struct RequestReaderTests {
    private func requests(_ bytes: String, step: Int = .max, maxBody: Int = 1000) throws -> [SimulatedRequest] {
        var reader = RequestReader(maxBody: maxBody)
        var found: [SimulatedRequest] = []
        var rest = Array(bytes.utf8)[...]
        while !rest.isEmpty {
            reader.feed(ByteBuffer(bytes: rest.prefix(step)))
            rest = rest.dropFirst(step)
            reading: while true {
                switch try reader.next() {
                case .needsMore: break reading
                case .expectsContinue: continue
                case .request(let request): found.append(request)
                }
            }
        }
        return found
    }

    private static let two =
        "POST /a?x=1&limit=5 HTTP/1.1\r\nHost: h\r\nX-Simulator-Fault: cut after=1\r\nAccept: text/plain\r\n"
        + "Content-Length: 5\r\n\r\nhello"
        + "POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /c HTTP/1.1\r\n\r\n"

    @Test(arguments: [1, 2, 7, 50, 1000]) func `requests are the same however their bytes were split`(step: Int) throws
    {
        let found = try requests(Self.two, step: step)
        try #require(found.count == 3)
        #expect(found.map(\.path) == ["/a", "/b", "/c"])
        #expect(found.map { String(buffer: $0.body) } == ["hello", "abcde", ""])
        #expect(found.map(\.method) == ["POST", "POST", "GET"])
        #expect(found.map(\.isHTTP10) == [false, true, false])
        #expect(found.map(\.keepsAlive) == [true, false, true])
        #expect(found[0].query == "x=1&limit=5")
        #expect(found[0].fault == "cut after=1")
        #expect(found[0].accept == "text/plain")
    }

    @Test(arguments: [1, 100]) func `a body over the limit is dropped, and the next request is read`(step: Int) throws {
        let body = String(repeating: "x", count: 2000)
        let text = "POST /a HTTP/1.1\r\nContent-Length: 2000\r\n\r\n\(body)GET /b HTTP/1.1\r\nConnection: close\r\n\r\n"
        let found = try requests(text, step: step)
        try #require(found.count == 2)
        #expect(found[0].isTooLarge)
        #expect(found[0].body.readableBytes == 0)
        #expect(!found[1].isTooLarge && !found[1].keepsAlive)
    }

    @Test func `who waits for a word before his body gets it`() throws {
        var reader = RequestReader()
        reader.feed(ByteBuffer(string: "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"))
        guard case .expectsContinue = try reader.next() else {
            Issue.record("no word")
            return
        }
        guard case .needsMore = try reader.next() else {
            Issue.record("a second word")
            return
        }
        reader.feed(ByteBuffer(string: "ok"))
        guard case .request(let request) = try reader.next() else {
            Issue.record("no request")
            return
        }
        #expect(String(buffer: request.body) == "ok")
    }

    @Test(arguments: [
        "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET /\r\n\r\n", "G T / HTTP/1.1\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
        " / HTTP/1.1\r\n\r\n", "\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `what is no request is an error`(bytes: String) {
        #expect(throws: (any Error).self) { try requests(bytes) }
    }

    @Test func `a head without an end is an error once it is too long`() {
        let endless = "GET / HTTP/1.1\r\n" + String(repeating: "X-A: b\r\n", count: 20_000)
        #expect(throws: (any Error).self) { try requests(endless, step: 1000) }
    }
}

@Suite struct AnswerScriptTests {
    private func script(reasoning: Int, most: Int? = nil, text: String = "") -> AnswerScript {
        AnswerScript(
            context: "c", text: text, bounds: .init(length: 5, maxTokens: most), reasoningTokens: reasoning)
    }

    @Test func `reasoning comes first, then the answer that would have come without it`() {
        let tokens = Array(script(reasoning: 3))
        #expect(tokens.map(\.isReasoning) == [true, true, true, false, false, false, false, false])
        #expect(tokens.suffix(5).map(\.text) == Array(script(reasoning: 0)).map(\.text))
    }

    @Test(arguments: [(1, 1, 0), (3, 3, 0), (4, 3, 1), (8, 3, 5), (100, 3, 5)])
    func `reasoning counts against the bound`(most: Int, reasoning: Int, answer: Int) {
        let script = script(reasoning: 3, most: most)
        #expect(script.reasoningCount == reasoning)
        #expect(script.count == reasoning + answer)
        #expect(Array(script).count == script.count)
        #expect(script.finish == (most > 8 ? .stop : .length))
    }
}
