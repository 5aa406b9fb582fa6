import Foundation
import StokerCore
import StokerSimulator
import Synchronization
import Testing

private let stream = #"{"stream":true,"prompt":"Hello"}"#
private let whole = #"{"prompt":"Hello"}"#

/// What comes over the wire for one request with a fault of its own.
private func struck(_ fault: String, _ body: String = stream, tokens: Int = 8) async throws -> RawAnswer {
    try await withSimulator(.quick(tokens: tokens)) { server in
        let header = "X-Simulator-Fault: \(fault)\r\nConnection: close\r\n"
        let answer = try await rawExchange(server, rawPost("/v1/completions", body, headers: header))
        // Whatever the fault was, it was this request's alone.
        let next = try await LoopbackClient.ask(server, "/v1/completions", whole)
        #expect(next.status == 200)
        return answer
    }
}

extension RawAnswer {
    fileprivate var events: Int { text.ranges(of: "data: {").count }
    fileprivate var isComplete: Bool { text.hasSuffix("0\r\n\r\n") }
    fileprivate var body: Substring { text.firstRange(of: "\r\n\r\n").map { text[$0.upperBound...] } ?? "" }
    fileprivate var length: Int? {
        text.firstMatch(of: #/Content-Length: (\d+)/#).flatMap { Int($0.1) }
    }
}

@Suite struct AnswerFaultServerTests {
    @Test(arguments: [0, 1, 5, 8, 99]) func `cut: the connection ends after so many events`(after: Int) async throws {
        let answer = try await struck("cut after=\(after)")
        #expect(answer.events == min(after, 8))
        #expect(!answer.wasReset)
        // A fault that the answer never gets to is none.
        #expect(answer.isComplete == (after > 8))
        #expect(answer.text.contains("[DONE]") == (after > 8))
    }

    @Test(arguments: [0, 3]) func `reset: the client's kernel says so`(after: Int) async throws {
        let answer = try await struck("reset after=\(after)")
        #expect(answer.wasReset)
        #expect(answer.events <= after)
        #expect(!answer.isComplete)
    }

    @Test(arguments: [0, 1, 4]) func `error-event: an error within the 200, then the end mark`(after: Int) async throws
    {
        let answer = try await struck("error-event after=\(after)")
        #expect(answer.text.hasPrefix("HTTP/1.1 200"))
        #expect(answer.text.ranges(of: #"data: {"error":{"message":"EngineCore"#).count == 1)
        #expect(answer.events == after + 1)
        #expect(answer.text.contains("[DONE]") && answer.isComplete)
    }

    @Test(arguments: [stream, whole]) func `stall with a length: the rest comes after it`(body: String) async throws {
        let elapsed = try await ContinuousClock().measure {
            let answer = try await struck("stall after=2 delay=120ms", body)
            #expect(answer.events == (body == stream ? 8 : 0))
            #expect(answer.isComplete || answer.length == answer.body.utf8.count)
        }
        #expect(elapsed >= .milliseconds(120))
    }

    @Test func `stall without a length: nothing more comes, and a client that goes is missed by nobody`() async throws {
        try await withSimulator { server in
            let client = try await LoopbackClient(
                port: server.port, "/v1/completions", body: stream, headers: [("x-simulator-fault", "stall after=3")])
            try await client.begun()
            try await state(server) { $0.contains(#""in_flight":1"#) }
            try await client.hangUp()
            try await state(server) { $0.contains(#""in_flight":0"#) && $0.contains(#""abort":1"#) }
        }
    }

    @Test func `hang, for one request: not even the first event`() async throws {
        try await withSimulator { server in
            let client = try await LoopbackClient(
                port: server.port, "/v1/completions", body: whole, headers: [("x-simulator-fault", "hang")])
            try await state(server) { $0.contains(#""in_flight":1"#) }
            #expect(try await LoopbackClient.ask(server, "/v1/completions", whole).status == 200)
            try await client.hangUp()
            try await state(server) { $0.contains(#""in_flight":0"#) }
        }
    }

    @Test func `no-done: neither reason nor end mark, and yet a regular end`() async throws {
        let answer = try await struck("no-done")
        #expect(answer.events == 8)
        #expect(answer.isComplete)
        #expect(!answer.text.contains("[DONE]") && !answer.text.contains(#""finish_reason":"stop""#))
    }

    @Test func `no-newline: the end mark is not a whole line`() async throws {
        let answer = try await struck("no-newline")
        #expect(answer.text.hasSuffix("data: [DONE]\r\n0\r\n\r\n"))
    }

    @Test(arguments: [1 << 20, 32 << 20]) func `huge-event: one event is that large`(bytes: Int) async throws {
        let answer = try await struck("huge-event after=2 bytes=\(bytes)")
        #expect(answer.text.utf8.count > bytes)
        #expect(answer.events == 8)
        #expect(answer.isComplete)
    }

    @Test func `empty: a 200 and not a byte`() async throws {
        let answer = try await struck("empty")
        #expect(answer.text.hasPrefix("HTTP/1.1 200"))
        #expect(answer.length == 0)
        #expect(answer.body.isEmpty)
    }

    @Test(arguments: [
        ("html", "200 OK", "Content-Type: text/html"), ("redirect", "302 Found", "Location: "),
        ("overload retry_after=3", "503 Service Unavailable", "Retry-After: 3"),
        ("overload status=429", "429 Too Many Requests", "overloaded"), ("error", "500 Internal Server Error", "error"),
    ])
    func `an answer in the engine's place`(fault: String, status: String, part: String) async throws {
        let answer = try await struck(fault)
        #expect(answer.text.hasPrefix("HTTP/1.1 \(status)\r\n"))
        #expect(answer.text.contains(part))
        #expect(answer.length == answer.body.utf8.count)
    }

    @Test func `garbage: no HTTP at all`() async throws {
        let answer = try await struck("garbage")
        #expect(!answer.text.isEmpty && !answer.text.hasPrefix("HTTP/"))
    }

    @Test(arguments: [("long-length", 10), ("long-length bytes=500", 500), ("short-length", -10)])
    func `a wrong Content-Length on a whole answer`(fault: String, difference: Int) async throws {
        let answer = try await struck(fault, whole)
        #expect(answer.length == answer.body.utf8.count + difference)
    }

    @Test(arguments: ["long-length", "short-length bytes=50"]) func `a wrong Content-Length on a stream`(
        fault: String
    ) async throws {
        let answer = try await struck(fault)
        #expect(!answer.text.contains("Transfer-Encoding"))
        #expect(answer.events == 8)
        #expect(try #require(answer.length) != answer.body.utf8.count)
        #expect((try #require(answer.length) > answer.body.utf8.count) == (fault == "long-length"))
    }

    @Test(arguments: ["cut", "reset"]) func `a whole answer breaks off in its middle`(fault: String) async throws {
        let answer = try await struck(fault, whole)
        #expect(answer.wasReset == (fault == "reset"))
        #expect(answer.body.utf8.count < (try #require(answer.length)))
    }

    @Test func `slow: times are a factor longer`() async throws {
        try await withSimulator(.quick(tokens: 3, ttft: .milliseconds(5), itl: .milliseconds(5))) { server in
            let elapsed = try await ContinuousClock().measure {
                _ = try await LoopbackClient.ask(
                    server, "/v1/completions", whole, headers: [("x-simulator-fault", "slow factor=10")])
            }
            #expect(elapsed >= .milliseconds(150))
        }
    }

    @Test func `diverge: a replica that says something else`() async throws {
        try await withSimulator { server in
            let usual = try await LoopbackClient.ask(server, "/v1/completions", whole).decoded(Chunk.self)
            let other = try await LoopbackClient.ask(
                server, "/v1/completions", whole, headers: [("x-simulator-fault", "diverge")]
            ).decoded(Chunk.self)
            #expect(usual.choices.first?.said != other.choices.first?.said)
        }
    }

    @Test(arguments: ["hnag", "refuse for=1s", "cut aftr=1", "exit"]) func `a header that is not understood is a 400`(
        fault: String
    ) async throws {
        try await withSimulator { server in
            let answer = try await LoopbackClient.ask(
                server, "/v1/completions", whole, headers: [("x-simulator-fault", fault)])
            #expect(answer.status == 400)
            #expect(answer.body.contains("X-Simulator-Fault"))
        }
    }
}

/// Asks for the state until it is as wanted.
func state(
    _ server: SimulatorServer, _ isWanted: (String) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    var text = ""
    while ContinuousClock.now < deadline {
        text = try await LoopbackClient.ask(server, "/simulator/state").body
        if isWanted(text) { return }
    }
    Issue.record("the state never was as wanted: \(text)", sourceLocation: sourceLocation)
}
