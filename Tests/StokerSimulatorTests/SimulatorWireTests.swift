import StokerSimulator
import Testing

private func request(_ body: String, version: String = "1.1", headers: String = "") -> String {
    rawPost("/v1/completions", body, version: version, headers: headers)
}

@Suite("Simulator on the wire")
struct SimulatorWireTests {
    @Test("Two requests on one connection are answered in order, and `Connection: close` ends it")
    func keepAlive() async throws {
        try await withSimulator(.quick(tokens: 1)) { server in
            let first = request(#"{"prompt":"one","stream":true}"#)
            let second = request(#"{"prompt":"two"}"#, headers: "Connection: close\r\n")
            let text = try await rawExchange(server, first + second).text
            #expect(text.components(of: "HTTP/1.1 200 OK") == 2)
            let stream = try #require(text.firstRange(of: "data: [DONE]"))
            let whole = try #require(text.firstRange(of: #""object":"text_completion","created""#, after: stream))
            #expect(stream < whole)
        }
    }

    @Test("A stream to an HTTP/1.0 client is not chunked and ends with the connection")
    func http10() async throws {
        try await withSimulator(.quick(tokens: 2)) { server in
            let text = try await rawExchange(server, request(#"{"prompt":"x","stream":true}"#, version: "1.0")).text
            #expect(!text.lowercased().contains("transfer-encoding"))
            #expect(text.hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test(
        "Garbage is a 400 and the end of the connection, and the simulator serves on",
        arguments: [
            "\r\n\r\n\0\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ])
    func garbage(bytes: String) async throws {
        try await withSimulator { server in
            let text = try await rawExchange(server, bytes).text
            #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 400"))
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
        }
    }

    @Test("Half a request and a client that is gone hurt nobody")
    func halfRequest() async throws {
        try await withSimulator { server in
            let whole = request(#"{"prompt":"x","stream":true}"#)
            for count in stride(from: 1, to: whole.count, by: 9) {
                _ = try await rawExchange(server, String(whole.prefix(count)), hangsUp: true)
            }
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
        }
    }

    @Test("An answer without a word still ends properly")
    func nothingToSay() async throws {
        try await withSimulator(.quick(tokens: 3)) { server in
            let text = Array(
                SimulatedAnswer(context: "", text: "x", bounds: SimulatedAnswer.Bounds(length: 3))
            ).joined()
            let body = #"{"stream":true,"prompt":"x\#(text)"}"#
            let answer = try await LoopbackClient.ask(server, "/v1/completions", body)
            #expect(answer.events?.count == 2)
            #expect(answer.body.contains(#""text":"","logprobs":null,"finish_reason":"stop""#))
        }
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }

    fileprivate func firstRange(of part: String, after index: Index? = nil) -> Index? {
        self[(index ?? startIndex)...].ranges(of: part).first?.lowerBound
    }
}
