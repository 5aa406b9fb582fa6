import Foundation
import NIOHTTP1
import StokerCore
import StokerMetrics
import StokerSimulator
import Testing

private let hello = #""messages":[{"role":"user","content":"Hello"}]"#

/// An answer in Ollama's or llama.cpp's own form.
private struct Native: Decodable {
    struct Message: Decodable {
        let role: String
        let content: String
        let thinking: String?
    }

    let content: String?
    let response: String?
    let message: Message?
    let done: Bool?
    let doneReason: String?
    let evalCount: Int?
    let promptEvalCount: Int?
    let stop: Bool?
    let tokensPredicted: Int?
    let stopType: String?

    static func all(_ lines: [Substring]) throws -> [Native] {
        try lines.map { try Chunk.decoder.decode(Native.self, from: Data($0.utf8)) }
    }
}

@Suite struct DialectServerTests {
    @Test(arguments: SimulatorDialect.allCases) func `a chat reads the same in every dialect`(
        dialect: SimulatorDialect
    ) async throws {
        try await withSimulator(.quick(tokens: 5, dialect: dialect)) { server in
            let answer = try await LoopbackClient.ask(server, "/v1/chat/completions", "{\"stream\":true,\(hello)}")
            let events = try #require(answer.events)
            #expect(events.last == "[DONE]")
            let chunks = try events.dropLast().map { try Chunk.decoder.decode(Chunk.self, from: Data($0.utf8)) }
            let whole = try await LoopbackClient.ask(server, "/v1/chat/completions", "{\"stream\":false,\(hello)}")
            let said = try whole.decoded(Chunk.self).choices.first?.said
            #expect(chunks.compactMap { $0.choices.first?.said }.joined() == said)
            #expect(chunks.compactMap { $0.choices.first?.finishReason } == ["stop"])
            #expect(chunks.last?.choices.first?.finishReason == "stop")
            // vLLM ends with its last token, the others with an event of its own.
            #expect((chunks.last?.choices.first?.said?.isEmpty == false) == (dialect == .vllm))
        }
    }

    @Test(arguments: [
        (SimulatorDialect.vllm, 404, #"{"error":{"message":"#), (.sglang, 404, #"{"object":"error","message":"#),
        (.llamaCpp, 404, #"{"error":{"code":404,"message":"#),
        (.ollama, 404, #"{"error":{"message":"model 'x' not found""#),
    ])
    func `an unknown model is refused in the words of the dialect`(
        dialect: SimulatorDialect, status: Int, start: String
    ) async throws {
        try await withSimulator(.quick(dialect: dialect)) { server in
            let answer = try await LoopbackClient.ask(server, "/v1/chat/completions", "{\"model\":\"x\",\(hello)}")
            #expect(answer.status == status)
            #expect(answer.body.hasPrefix(start), "\(answer.body)")
        }
    }

    @Test(arguments: [SimulatorDialect.vllm, .sglang]) func `continuation by flag: both flags true is a 400`(
        dialect: SimulatorDialect
    ) async throws {
        try await withSimulator(.quick(dialect: dialect)) { server async throws in
            let messages = #""messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]"#
            let both = #"{\#(messages),"continue_final_message":true,"add_generation_prompt":true}"#
            #expect(try await LoopbackClient.ask(server, "/v1/chat/completions", both).status == 400)
            let one = #"{\#(messages),"continue_final_message":true,"add_generation_prompt":false}"#
            #expect(try await LoopbackClient.ask(server, "/v1/chat/completions", one).status == 200)
        }
    }

    @Test(arguments: [SimulatorDialect.vllm, .sglang, .ollama])
    func `without the flag an assistant's last message is history`(dialect: SimulatorDialect) async throws {
        try await withSimulator(.quick(dialect: dialect)) { server in
            let whole = try await LoopbackClient.ask(server, "/v1/chat/completions", "{\(hello)}").decoded(Chunk.self)
            let text = try #require(whole.choices.first?.said)
            let messages = #"[{"role":"user","content":"Hello"},{"role":"assistant","content":"\#(text.prefix(5))"}]"#
            let next = try await LoopbackClient.ask(server, "/v1/chat/completions", "{\"messages\":\(messages)}")
            #expect(text.prefix(5) + (try next.decoded(Chunk.self).choices.first?.said ?? "") != text)
        }
    }

    @Test func `llama.cpp loads with a 503 that says so, and is then ok`() async throws {
        try await withSimulator(.quick(startup: .seconds(3600), dialect: .llamaCpp)) { server in
            let health = try await LoopbackClient.ask(server, "/health")
            #expect(health.status == 503)
            #expect(health.body == #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#)
        }
        try await withSimulator(.quick(slots: 3, dialect: .llamaCpp)) { server in
            #expect(try await LoopbackClient.ask(server, "/health").body == #"{"status":"ok"}"#)
            #expect(try await LoopbackClient.ask(server, "/props").body.contains(#""total_slots":3"#))
            let slots = try await LoopbackClient.ask(server, "/slots").body
            #expect(slots.ranges(of: #""is_processing":false"#).count == 3)
        }
    }

    @Test func `llama.cpp's own completion streams without an end mark`() async throws {
        try await withSimulator(.quick(tokens: 9, dialect: .llamaCpp)) { server in
            let body = #"{"prompt":"Hello","n_predict":4,"stream":true}"#
            let events = try #require(try await LoopbackClient.ask(server, "/completion", body).events)
            let parts = try Native.all(events.map { $0[...] })
            #expect(parts.map(\.stop) == [false, false, false, false, true])
            #expect(parts.last?.tokensPredicted == 4)
            #expect(parts.last?.stopType == "limit")
            let whole = try await LoopbackClient.ask(server, "/completion", #"{"prompt":"Hello","n_predict":-1}"#)
            #expect(try whole.decoded(Native.self).tokensPredicted == 9)
            #expect(try whole.decoded(Native.self).content?.hasPrefix(parts.compactMap(\.content).joined()) == true)
        }
    }

    @Test func `Ollama greets, lists its models and has no metrics`() async throws {
        try await withSimulator(.quick(dialect: .ollama)) { server async throws in
            #expect(try await LoopbackClient.ask(server, "/").body == "Ollama is running")
            #expect(try await LoopbackClient.ask(server, "/api/tags").body.contains(#""name":"sim:latest""#))
            #expect(try await LoopbackClient.ask(server, "/api/version").status == 200)
            #expect(try await LoopbackClient.ask(server, "/metrics").status == 404)
        }
    }

    @Test(arguments: ["/api/generate", "/api/chat"])
    func `Ollama's own calls stream a JSON object a line, unless told not to`(path: String) async throws {
        try await withSimulator(.quick(tokens: 3, dialect: .ollama)) { server in
            let asked = path == "/api/chat" ? hello : #""prompt":"Hello""#
            let stream = try await LoopbackClient.ask(server, path, "{\"model\":\"sim:latest\",\(asked)}")
            #expect(stream.headers["content-type"] == ["application/x-ndjson"])
            let lines = try Native.all(stream.body.split(separator: "\n"))
            #expect(lines.map(\.done) == [false, false, false, true])
            #expect(lines.last?.doneReason == "stop")
            #expect(lines.last?.evalCount == 3)
            #expect(lines.last?.promptEvalCount == 1)
            let said = lines.map { ($0.response ?? "") + ($0.message?.content ?? "") }.joined()
            let whole = try await LoopbackClient.ask(server, path, "{\"stream\":false,\(asked)}").decoded(Native.self)
            #expect((whole.response ?? "") + (whole.message?.content ?? "") == said)
            #expect(whole.done == true)
        }
    }

    @Test func `Ollama takes requests while it loads and answers them after`() async throws {
        let begin = ContinuousClock.now
        try await withSimulator(.quick(startup: .milliseconds(80), dialect: .ollama)) { server async throws in
            #expect(try await LoopbackClient.ask(server, "/").status == 200)
            #expect(try await LoopbackClient.ask(server, "/api/generate", #"{"prompt":"a"}"#).status == 200)
            #expect(begin.duration(to: .now) >= .milliseconds(80))
        }
    }

    @Test func `Ollama's own errors are a word and no object`() async throws {
        try await withSimulator(.quick(dialect: .ollama)) { server in
            let answer = try await LoopbackClient.ask(server, "/api/generate", #"{"model":"x","prompt":"a"}"#)
            #expect(answer.status == 404)
            #expect(answer.body == #"{"error":"model 'x' not found"}"#)
        }
    }

    @Test func `SGLang's health takes its second, its readiness does not`() async throws {
        try await withSimulator(.quick(dialect: .sglang)) { server in
            let ready = try await LoopbackClient.ask(server, "/ready")
            #expect(ready.status == 200)
            #expect(try await LoopbackClient.ask(server, "/get_model_info").body.contains(#""model_path":"sim""#))
            let elapsed = try await ContinuousClock().measure {
                let health = try await LoopbackClient.ask(server, "/health")
                #expect(health.status == 200)
            }
            #expect(elapsed >= .seconds(1))
        }
    }

    @Test(
        arguments: [
            (
                SimulatorDialect.vllm,
                [
                    #"vllm:prefix_cache_queries_total{model_name="sim",engine="0"} 64"#,
                    #"vllm:prefix_cache_hits_total{model_name="sim",engine="0"} 32"#,
                    #"vllm:kv_cache_usage_perc{model_name="sim",engine="0"} 0"#,
                ]
            ),
            (
                .sglang,
                [
                    #"sglang:cached_tokens_total{model_name="sim",engine_type="unified",cache_source="device"} 32"#,
                    #"sglang:num_running_reqs{model_name="sim",engine_type="unified"} 0"#,
                    #"sglang:cache_hit_rate{model_name="sim",engine_type="unified"} 0.5"#,
                    #"sglang:num_requests_total{model_name="sim",engine_type="unified"} 2"#,
                ]
            ),
            (
                .llamaCpp,
                [
                    "llamacpp:prompt_tokens_total 64", "llamacpp:tokens_predicted_total 6",
                    "llamacpp:requests_processing 0", "llamacpp:prompt_tokens_cached_total 32",
                ]
            ),
        ] as [(SimulatorDialect, [String])])
    func `metrics have the names and labels of the dialect, the prefix cache's too`(
        dialect: SimulatorDialect, lines: [String]
    ) async throws {
        let options = SimulatorOptions.quick(tokens: 3, dialect: dialect) { $0.kvTokens = 1000 }
        try await withSimulator(options) { server in
            let prompt = (0..<32).map { "w\($0)" }.joined(separator: " ")
            for _ in 0..<2 { _ = try await LoopbackClient.ask(server, "/v1/completions", "{\"prompt\":\"\(prompt)\"}") }
            let page = try await LoopbackClient.ask(server, "/metrics").body
            for line in lines { #expect(page.contains("\n\(line)\n"), "\(line)\n\(page)") }
            #expect(ExpositionValidator.findings(in: Array(page.utf8), as: .text004).isEmpty)
        }
    }

    @Test(arguments: SimulatorDialect.allCases) func `a full queue is a 503 in every dialect`(
        dialect: SimulatorDialect
    ) async throws {
        let options = SimulatorOptions.quick(itl: .milliseconds(5), slots: 1, dialect: dialect) { $0.queue = 0 }
        try await withSimulator(options) { server in
            let endless = try await LoopbackClient(
                port: server.port, "/v1/completions",
                body: #"{"stream":true,"prompt":"a","max_tokens":900000,"ignore_eos":true}"#)
            try await endless.begun()
            #expect(try await LoopbackClient.ask(server, "/v1/completions", #"{"prompt":"b"}"#).status == 503)
            try await endless.hangUp()
        }
    }
}
