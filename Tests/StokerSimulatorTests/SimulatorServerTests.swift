import Foundation
import NIOHTTP1
import StokerCore
import StokerSimulator
import Testing

private let chat = #"{"model":"sim","messages":[{"role":"user","content":"Hello"}]}"#
private let chatStream = #"{"model":"sim","stream":true,"messages":[{"role":"user","content":"Hello"}]}"#

@Suite("Simulator over TCP")
struct SimulatorServerTests {
    @Test("A chat is answered whole, with usage, and says that it is simulated")
    func wholeChat() async throws {
        try await withSimulator { server in
            let answer = try await LoopbackClient.ask(server, "/v1/chat/completions", chat)
            #expect(answer.status == 200)
            #expect(answer.headers["server"] == ["stoker-simulator"])
            let whole = try answer.decoded(Chunk.self)
            #expect(whole.object == "chat.completion")
            #expect(whole.systemFingerprint == "stoker-simulator")
            #expect(whole.choices.first?.finishReason == "stop")
            #expect(whole.choices.first?.message?.role == "assistant")
            #expect(whole.choices.first?.said?.split(separator: " ").count == 16)
            #expect(whole.usage == Chunk.Usage(promptTokens: 1, completionTokens: 16, totalTokens: 17))
        }
    }

    @Test("A stream has the exact form: data lines, empty lines, the role first, [DONE] last and once")
    func stream() async throws {
        try await withSimulator(.quick(tokens: 3)) { server in
            let answer = try await LoopbackClient.ask(server, "/v1/chat/completions", chatStream)
            #expect(answer.headers["content-type"] == ["text/event-stream; charset=utf-8"])
            let events = try #require(answer.events)
            #expect(events.count == 5)
            #expect(events.last == "[DONE]")
            let chunks = try events.dropLast().map { try Chunk.decoder.decode(Chunk.self, from: Data($0.utf8)) }
            #expect(chunks.first?.choices.first?.delta?.role == "assistant")
            #expect(chunks.dropFirst().allSatisfy { $0.choices.first?.delta?.role == nil })
            #expect(chunks.map { $0.choices.first?.finishReason } == [nil, nil, nil, "stop"])
            #expect(Set(chunks.map(\.id)).count == 1)
            #expect(chunks.allSatisfy { $0.object == "chat.completion.chunk" && $0.usage == nil })
        }
    }

    @Test("A chunk, byte for byte")
    func exactBytes() async throws {
        try await withSimulator(.quick(tokens: 1)) { server in
            let body = #"{"model":"sim","stream":true,"prompt":"Hello"}"#
            let answer = try await LoopbackClient.ask(server, "/v1/completions", body)
            let form =
                #/data: {"id":"cmpl-sim-\d+-1","object":"text_completion","created":\d+,"model":"sim","system_fingerprint":"stoker-simulator","choices":\[{"index":0,"text":" [^"]+","logprobs":null,"finish_reason":"stop"}\]}\n\ndata: \[DONE\]\n\n/#
            #expect(answer.body.wholeMatch(of: form) != nil, "\(answer.body)")
        }
    }

    @Test(
        "Streamed or whole, the text is the same; and two replicas agree",
        arguments: ["Hello", "什么是知识库?", "\\u0001\\\"\\n"])
    func agreement(prompt: String) async throws {
        let texts = try await withSimulator(.quick(tokens: 100)) { one in
            try await withSimulator(.quick(tokens: 100)) { two in
                let whole = try await LoopbackClient.ask(one, "/v1/completions", #"{"prompt":"\#(prompt)"}"#)
                let stream = try await LoopbackClient.ask(
                    two, "/v1/completions", #"{"stream":true,"prompt":"\#(prompt)"}"#)
                return [try whole.decoded(Chunk.self).choices[0].said, try joined(stream)]
            }
        }
        #expect(texts[0]?.isEmpty == false)
        #expect(texts[0] == texts[1])
    }

    @Test("Broken off anywhere and continued on another replica, a chat is what it would have been")
    func chatContinuation() async throws {
        try await withSimulator { server in
            let whole = try await LoopbackClient.ask(server, "/v1/chat/completions", chat).decoded(Chunk.self)
            let text = try #require(whole.choices[0].said)
            for cut in stride(from: 1, to: text.count, by: 7) {
                let prefix = String(text.prefix(cut))
                let body = try continued(
                    prefix, flags: #","continue_final_message":true,"add_generation_prompt":false"#)
                let rest = try await LoopbackClient.ask(server, "/v1/chat/completions", body)
                #expect(prefix + (try joined(rest)) == text)
            }
        }
    }

    @Test("An assistant's last message is continued without the flag, if it is llama.cpp")
    func prefill() async throws {
        try await withSimulator(.quick(dialect: .llamaCpp)) { server in
            let whole = try await LoopbackClient.ask(server, "/v1/chat/completions", chat).decoded(Chunk.self)
            let text = try #require(whole.choices[0].said)
            let rest = try await LoopbackClient.ask(
                server, "/v1/chat/completions", try continued(String(text.prefix(9))))
            #expect(text.prefix(9) + (try joined(rest)) == text)
        }
    }

    /// A streamed chat whose last message is the beginning of the answer.
    private func continued(_ prefix: String, flags: String = "") throws -> String {
        let quoted = String(decoding: try JSONEncoder().encode(prefix), as: UTF8.self)
        let messages = #"[{"role":"user","content":"Hello"},{"role":"assistant","content":\#(quoted)}]"#
        return #"{"model":"sim","stream":true,"messages":\#(messages)\#(flags)}"#
    }

    private func joined(_ stream: WireAnswer) throws -> String {
        let events = try #require(stream.events).dropLast()
        return try events.map { try Chunk.decoder.decode(Chunk.self, from: Data($0.utf8)).choices.first?.said ?? "" }
            .joined()
    }

    @Test("Usage comes in a last chunk when it is asked for")
    func streamUsage() async throws {
        try await withSimulator(.quick(tokens: 2)) { server in
            let body = #"{"stream":true,"stream_options":{"include_usage":true},"prompt":"one two three"}"#
            let events = try #require(try await LoopbackClient.ask(server, "/v1/completions", body).events)
            let last = try Chunk.decoder.decode(Chunk.self, from: Data(events[events.count - 2].utf8))
            #expect(last.choices.isEmpty)
            #expect(last.usage == Chunk.Usage(promptTokens: 3, completionTokens: 2, totalTokens: 5))
        }
    }

    @Test("max_tokens cuts with length; a stop text ends with stop; content may come in parts")
    func bounds() async throws {
        try await withSimulator { server in
            let short = try await LoopbackClient.ask(server, "/v1/completions", #"{"prompt":"x","max_tokens":2}"#)
            #expect(try short.decoded(Chunk.self).choices[0].finishReason == "length")
            let long = #"{"prompt":"x","max_tokens":40,"ignore_eos":true}"#
            #expect(
                try await LoopbackClient.ask(server, "/v1/completions", long).decoded(Chunk.self).usage?
                    .completionTokens == 40)
            let parts =
                #"{"messages":[{"role":"user","content":[{"type":"text","text":"Hello"},{"type":"image_url"}]}]}"#
            let same = try await LoopbackClient.ask(server, "/v1/chat/completions", parts).decoded(Chunk.self)
            let plain = try await LoopbackClient.ask(server, "/v1/chat/completions", chat).decoded(Chunk.self)
            #expect(same.choices[0].said == plain.choices[0].said)
        }
    }

    @Test(
        "Bad requests are refused in vLLM's form",
        arguments: [
            ("/v1/completions", "", 400), ("/v1/completions", "{", 400), ("/v1/completions", "[]", 400),
            ("/v1/completions", "{}", 400),
            ("/v1/completions", #"{"prompt":5}"#, 400), ("/v1/completions", #"{"prompt":["a","b"]}"#, 400),
            ("/v1/completions", #"{"prompt":"a","max_tokens":0}"#, 400),
            ("/v1/completions", #"{"prompt":"a","max_tokens":-1}"#, 400),
            ("/v1/completions", #"{"prompt":"a","max_tokens":99999999}"#, 400),
            ("/v1/completions", #"{"prompt":"a","n":2}"#, 400),
            ("/v1/completions", #"{"prompt":"a","model":"other"}"#, 404), ("/v1/chat/completions", "{}", 400),
            ("/v1/chat/completions", #"{"messages":[]}"#, 400), ("/v1/chat/completions", #"{"messages":[{}]}"#, 400),
            (
                "/v1/chat/completions",
                #"{"messages":[{"role":"assistant","content":"a"}],"continue_final_message":true}"#, 400
            ),
            (
                "/v1/chat/completions",
                #"{"messages":[{"role":"user","content":"a"}],"continue_final_message":true,"add_generation_prompt":false}"#,
                400
            ),
        ])
    func refusals(path: String, body: String, status: Int) async throws {
        struct VLLMError: Decodable {
            struct Detail: Decodable {
                let message: String
                let type: String
                let code: Int
            }

            let error: Detail
        }
        try await withSimulator { server in
            let answer = try await LoopbackClient.ask(server, path, body)
            #expect(answer.status == status)
            let error = try answer.decoded(VLLMError.self).error
            #expect(error.code == status)
            #expect(!error.message.isEmpty && !error.type.isEmpty)
        }
    }

    @Test("A body beyond the bound is a 413, and the simulator serves on")
    func hugeBody() async throws {
        try await withSimulator { server in
            let body = #"{"prompt":""# + String(repeating: "x", count: 9 << 20) + #""}"#
            let refused = try await LoopbackClient.ask(server, "/v1/completions", body)
            #expect(refused.status == 413)
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
        }
    }

    @Test(
        "Paths are answered as vLLM answers them",
        arguments: [
            ("/health", 200), ("/v1/models", 200), ("/version", 200), ("/metrics", 200), ("/nothing", 404),
            ("/v1/completions", 405),
            ("/v1/models?x=1", 200),
        ])
    func paths(path: String, status: Int) async throws {
        try await withSimulator { server in
            let answer = try await LoopbackClient.ask(server, path)
            #expect(answer.status == status)
        }
    }

    @Test("While it loads, health and requests get 503")
    func loading() async throws {
        try await withSimulator(.quick(startup: .seconds(3600))) { server in
            let health = try await LoopbackClient.ask(server, "/health")
            #expect(health.status == 503)
            #expect(try await LoopbackClient.ask(server, "/v1/chat/completions", chat).status == 503)
            #expect(try await LoopbackClient.ask(server, "/metrics").status == 200)
        }
    }

    @Test("Once the loading time is over, health says 200, and not earlier")
    func loaded() async throws {
        let begin = ContinuousClock.now
        try await withSimulator(.quick(startup: .milliseconds(60))) { server in
            while try await LoopbackClient.ask(server, "/health").status != 200 {
                guard begin.duration(to: .now) < .seconds(20) else { break }
            }
            #expect(begin.duration(to: .now) >= .milliseconds(60))
            #expect(try await LoopbackClient.ask(server, "/v1/chat/completions", chat).status == 200)
        }
    }

    @Test("An answer takes at least its time to first token and its inter-token times", arguments: [true, false])
    func timing(streamed: Bool) async throws {
        try await withSimulator(.quick(tokens: 4, ttft: .milliseconds(40), itl: .milliseconds(20))) { server in
            let elapsed = try await ContinuousClock().measure {
                _ = try await LoopbackClient.ask(server, "/v1/chat/completions", streamed ? chatStream : chat)
            }
            #expect(elapsed >= .milliseconds(100))
        }
    }

    @Test("Port in use: one clear line")
    func portInUse() async throws {
        try await withSimulator { server in
            let taken = Endpoint(host: "127.0.0.1", port: UInt16(server.port))
            let message = "cannot listen on 127.0.0.1:\(server.port): Address already in use"
            await #expect(throws: SimulatorError(message: message, takenPort: UInt16(server.port))) {
                try await SimulatorServer.start(.quick(), on: taken)
            }
        }
    }
}
