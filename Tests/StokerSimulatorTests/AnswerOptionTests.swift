import Foundation
import StokerCore
import StokerSimulator
import Testing

private let prompt = #""prompt":"one two""#
private let hello = #""messages":[{"role":"user","content":"Hello"}]"#

private func chunks(_ answer: WireAnswer) throws -> [Chunk] {
    try #require(answer.events).filter { $0 != "[DONE]" }
        .map { try Chunk.decoder.decode(Chunk.self, from: Data($0.utf8)) }
}

@Suite struct AnswerOptionTests {
    @Test(arguments: [(1, 10), (3, 4), (5, 2), (10, 1), (99, 1)])
    func `several tokens come in one event, and usage says how many they were`(size: Int, events: Int) async throws {
        let options = SimulatorOptions.quick(tokens: 10) {
            $0.tokensPerEvent = size
            $0.usage = .always
        }
        try await withSimulator(options) { server in
            let parts = try chunks(
                try await LoopbackClient.ask(server, "/v1/completions", "{\"stream\":true,\(prompt)}"))
            #expect(parts.count == events + 1)
            #expect(parts.last?.usage?.completionTokens == 10)
            let whole = try await LoopbackClient.ask(server, "/v1/completions", "{\(prompt)}").decoded(Chunk.self)
            #expect(parts.compactMap { $0.choices.first?.said }.joined() == whole.choices.first?.said)
        }
    }

    @Test func `a group of events comes with its last token, never earlier`() async throws {
        let options = SimulatorOptions.quick(tokens: 8, ttft: .milliseconds(10), itl: .milliseconds(10)) {
            $0.eventsPerWrite = 4
            $0.stamps = true
        }
        try await withSimulator(options) { server in
            let answer = try await LoopbackClient.ask(server, "/v1/completions", "{\"stream\":true,\(prompt)}")
            let stamps = try chunks(answer).map { try #require($0.stokerSentNs) }
            #expect(stamps.count == 8)
            #expect(Set(stamps.prefix(4)).count == 1)
            #expect(Set(stamps.suffix(4)).count == 1)
            let requests = try await LoopbackClient.ask(server, "/simulator/requests").decoded(Requests.self).requests
            let received = try #require(requests.first).receivedNs
            #expect(stamps[0] - received >= 40_000_000)
            #expect(stamps[7] - received >= 80_000_000)
        }
    }

    @Test func `stamps and the ledger are of one clock`() async throws {
        try await withSimulator(.quick(tokens: 5, itl: .milliseconds(2)) { $0.stamps = true }) { server in
            let answer = try await LoopbackClient.ask(server, "/v1/completions", "{\"stream\":true,\(prompt)}")
            let stamps = try chunks(answer).map { try #require($0.stokerSentNs) }
            #expect(stamps == stamps.sorted())
            let all = try await LoopbackClient.ask(server, "/simulator/requests?limit=5").decoded(Requests.self)
            let request = try #require(all.requests.first)
            #expect((request.firstEventNs, request.lastEventNs) == (stamps[0], stamps[4]))
            #expect(request.receivedNs <= request.firstEventNs && request.lastEventNs <= request.endedNs)
            #expect((request.tokens, request.events, request.promptTokens, request.outcome) == (5, 5, 2, "stop"))
        }
    }

    @Test func `reasoning comes first under its own name, and counts`() async throws {
        try await withSimulator(.quick(tokens: 4) { $0.reasoningTokens = 3 }) { server in
            let usage = #""stream_options":{"include_usage":true}"#
            let answer = try await LoopbackClient.ask(
                server, "/v1/chat/completions", "{\"stream\":true,\(usage),\(hello)}")
            let deltas = try chunks(answer).compactMap { $0.choices.first?.delta }.dropFirst()
            #expect(deltas.map { $0.reasoningContent != nil } == [true, true, true, false, false, false, false])
            #expect(try chunks(answer).last?.usage?.completionTokens == 7)
            let whole = try await LoopbackClient.ask(server, "/v1/chat/completions", "{\(hello)}").decoded(Chunk.self)
            #expect(whole.choices.first?.message?.reasoningContent == deltas.compactMap(\.reasoningContent).joined())
        }
    }

    @Test(arguments: [
        (SimulatorOptions.Usage.asked, false, 0), (.asked, true, 1), (.always, false, 1), (.never, true, 0),
    ])
    func `the counts come when they are asked for, always or never`(
        usage: SimulatorOptions.Usage, isAsked: Bool, count: Int
    ) async throws {
        try await withSimulator(.quick { $0.usage = usage }) { server in
            let options = isAsked ? #""stream_options":{"include_usage":true},"# : ""
            let answer = try await LoopbackClient.ask(
                server, "/v1/completions", "{\"stream\":true,\(options)\(prompt)}")
            #expect(try chunks(answer).count { $0.usage != nil } == count)
        }
    }

    @Test func `a prompt that is known is read faster`() async throws {
        let options = SimulatorOptions.quick(tokens: 1) {
            $0.kvTokens = 10_000
            $0.prefill = .milliseconds(2)
        }
        try await withSimulator(options) { server in
            let words = (0..<64).map { "w\($0)" }.joined(separator: " ")
            let body = #"{"prompt":"\#(words)"}"#
            for _ in 0..<2 { _ = try await LoopbackClient.ask(server, "/v1/completions", body) }
            let all = try await LoopbackClient.ask(server, "/simulator/requests").decoded(Requests.self).requests
            let times = all.map { $0.firstEventNs - $0.receivedNs }
            #expect(times[0] >= 128_000_000)
            #expect(times[1] < 128_000_000)
        }
    }

    @Test func `one process plays several engines, each with its own faults and counts`() async throws {
        // A free port says nothing of its neighbours: try until two in a row are free.
        for _ in 0..<50 {
            let probe = try await SimulatorServer.start(.quick(), on: Endpoint(host: "127.0.0.1", port: 0))
            let text = "127.0.0.1:\(probe.port)-\(probe.port + 1)"
            await probe.stop()
            guard let range = ListenRange(text: text),
                let server = try? await SimulatorServer.start(.quick(), on: range, loops: 2)
            else { continue }
            let other = try #require(server.ports.last)
            _ = try await LoopbackClient.ask(server, "/simulator/faults", #"{"fault":"error"}"#)
            #expect(try await LoopbackClient.ask(server, "/v1/completions", "{\(prompt)}").status == 500)
            let spared = try await LoopbackClient(port: other, "/v1/completions", body: "{\(prompt)}").whole()
            #expect(spared.status == 200)
            let state = try await LoopbackClient(port: other, "/simulator/state").whole()
            #expect(state.body.contains(#""received":1"#))
            await server.stop()
            return
        }
        Issue.record("never two free ports in a row")
    }
}

/// What `/simulator/requests` says.
struct Requests: Decodable {
    struct Request: Decodable {
        let receivedNs: Int64
        let firstEventNs: Int64
        let lastEventNs: Int64
        let endedNs: Int64
        let promptTokens: Int
        let tokens: Int
        let events: Int
        let outcome: String
    }

    let requests: [Request]
}
