import Foundation
import NIOHTTP1
import StokerCore
import StokerMetrics
import StokerSimulator
import Testing

/// What `/metrics` says of one series, polled until it is as wanted.
private func waitFor(
    _ server: SimulatorServer, _ series: String, is value: String, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    var page = ""
    while ContinuousClock.now < deadline {
        page = try await LoopbackClient.ask(server, "/metrics").body
        if page.contains("\n\(series) \(value)\n") { return }
    }
    Issue.record("\(series) never was \(value):\n\(page)", sourceLocation: sourceLocation)
}

private func stream(prompt: Int, tokens: Int = 16) -> String {
    #"{"stream":true,"prompt":"\#(prompt)","max_tokens":\#(tokens),"ignore_eos":true}"#
}

private let running = #"vllm:num_requests_running{model_name="sim",engine="0"}"#
private let waiting = #"vllm:num_requests_waiting{model_name="sim",engine="0"}"#

@Suite("Simulator under load")
struct SimulatorLoadTests {
    @Test("Hundreds of streams at once all arrive whole, each with its own text")
    func manyStreams() async throws {
        try await withSimulator(.quick(ttft: .milliseconds(20), itl: .milliseconds(2))) { server in
            let answers = try await withThrowingTaskGroup(of: WireAnswer.self) { group in
                for prompt in 0..<300 {
                    group.addTask { try await LoopbackClient.ask(server, "/v1/completions", stream(prompt: prompt)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.events?.count == 17 && $0.body.hasSuffix("data: [DONE]\n\n") })
            #expect(Set(answers.map(\.body)).count == 300)
            try await waitFor(server, running, is: "0")
        }
    }

    @Test("Beyond its slots requests wait; a client that goes away makes room")
    func slots() async throws {
        try await withSimulator(.quick(itl: .milliseconds(5), slots: 1)) { server in
            let endless = try await LoopbackClient(
                port: server.port, "/v1/completions", body: stream(prompt: 0, tokens: 900_000))
            try await endless.begun()
            let queued = try await LoopbackClient(port: server.port, "/v1/completions", body: stream(prompt: 1))
            try await waitFor(server, waiting, is: "1")
            try await endless.hangUp()
            #expect(try await queued.whole().events?.last == "[DONE]")
            try await waitFor(server, running, is: "0")
            try await waitFor(server, waiting, is: "0")
        }
    }

    @Test("A client that goes away while it waits leaves the queue")
    func leavingTheQueue() async throws {
        try await withSimulator(.quick(itl: .milliseconds(5), slots: 1)) { server in
            let endless = try await LoopbackClient(
                port: server.port, "/v1/completions", body: stream(prompt: 0, tokens: 900_000))
            try await endless.begun()
            let queued = try await LoopbackClient(port: server.port, "/v1/completions", body: stream(prompt: 1))
            try await waitFor(server, waiting, is: "1")
            try await queued.hangUp()
            try await waitFor(server, waiting, is: "0")
            try await endless.hangUp()
            try await waitFor(
                server, #"vllm:request_success_total{model_name="sim",engine="0",finished_reason="abort"}"#, is: "2")
        }
    }

    @Test("Metrics have vLLM's names and count what was said")
    func metrics() async throws {
        try await withSimulator(.quick(tokens: 5)) { server in
            _ = try await LoopbackClient.ask(server, "/v1/completions", #"{"prompt":"a b c"}"#)
            _ = try await LoopbackClient.ask(server, "/v1/completions", #"{"prompt":"a b c","stream":true}"#)
            let page = try await LoopbackClient.ask(server, "/metrics")
            #expect(page.headers["content-type"] == ["text/plain; version=0.0.4; charset=utf-8"])
            let labels = #"{model_name="sim",engine="0"}"#
            for line in [
                "# TYPE vllm:time_to_first_token_seconds histogram", "vllm:prompt_tokens_total\(labels) 6",
                "vllm:generation_tokens_total\(labels) 10", "vllm:e2e_request_latency_seconds_count\(labels) 2",
                "vllm:time_to_first_token_seconds_count\(labels) 2",
                "vllm:inter_token_latency_seconds_count\(labels) 4",
                #"vllm:request_success_total{model_name="sim",engine="0",finished_reason="stop"} 2"#,
            ] {
                #expect(page.body.contains(line + "\n"), "\(line)")
            }
            #expect(!page.body.contains("stoker_"))
            #expect(ExpositionValidator.findings(in: Array(page.body.utf8), as: .text004).isEmpty)
        }
    }

    @Test("Stopping ends open streams and frees the port")
    func stopping() async throws {
        let server = try await SimulatorServer.start(
            .quick(itl: .milliseconds(5)), on: .init(host: "127.0.0.1", port: 0))
        let client = try await LoopbackClient(
            port: server.port, "/v1/completions", body: stream(prompt: 0, tokens: 900_000))
        try await client.begun()
        await server.stop()
        await #expect(throws: (any Error).self) { try await client.whole() }
        let next = try await SimulatorServer.start(.quick(), on: .init(host: "127.0.0.1", port: UInt16(server.port)))
        await next.stop()
    }
}
