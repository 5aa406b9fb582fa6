import FoundationEssentials
import StokerCore
import Testing

@Suite struct FinishedRequestTests {
    private func record(_ outcome: RequestOutcome = .ok, duration: Double = 1.5) -> FinishedRequest {
        FinishedRequest(
            id: "r1", startedAt: Timestamp(milliseconds: 1000), route: "chat", model: "m", backend: "a", attempts: 1,
            code: 200, outcome: outcome, durationSeconds: duration)
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test func `a record is written with every figure under its name`() throws {
        var full = record()
        full.sequence = 7
        full.seams = 1
        full.stream = true
        full.queueSeconds = 0.25
        full.ttftSeconds = 0.5
        full.itlMeanSeconds = 0.125
        full.itlMaxSeconds = 0.75
        full.tpotSeconds = 0.0625
        full.inputTokens = 11
        full.cachedInputTokens = 3
        full.outputTokens = 17
        full.tokensReported = true
        full.finishReason = "stop"
        full.errorCode = "backend_failed"
        #expect(
            try json(full) == """
                {"attempts":1,"backend":"a","cachedInputTokens":3,"code":200,"durationSeconds":1.5,\
                "errorCode":"backend_failed","finishReason":"stop","id":"r1","inputTokens":11,"itlMaxSeconds":0.75,"itlMeanSeconds":0.125,\
                "model":"m","outcome":"ok","outputTokens":17,"queueSeconds":0.25,"route":"chat","seams":1,\
                "sequence":7,"startedAt":1000,"stream":true,"tokensReported":true,"tpotSeconds":0.0625,\
                "ttftSeconds":0.5}
                """)
        #expect(try JSONDecoder().decode(FinishedRequest.self, from: JSONEncoder().encode(full)) == full)
    }

    @Test func `what is not known is left out, never written as a number`() throws {
        var bare = record()
        bare.backend = nil
        let text = try json(bare)
        for name in ["backend", "queueSeconds", "ttftSeconds", "itl", "tpot", "inputTokens", "finish", "error"] {
            #expect(!text.contains(name), "\(name)")
        }
        #expect(try JSONDecoder().decode(FinishedRequest.self, from: Data(text.utf8)) == bare)
    }

    @Test(arguments: [
        (RequestOutcome.ok, "ok", false), (.backendError, "backend_error", true), (.refused, "refused", true),
        (.failed, "failed", true), (.brokenOff, "broken_off", true), (.clientGone, "client_gone", false),
        (.slowReader, "slow_reader", true),
    ])
    func `outcomes have stable names, and a client that leaves is no failure`(
        outcome: RequestOutcome, name: String, isFailure: Bool
    ) {
        #expect(outcome.rawValue == name)
        #expect(outcome.isFailure == isFailure)
    }

    @Test(arguments: [(1.5, 2500), (0, 1000), (0.0004, 1000), (.infinity, 1000), (.nan, 1000)] as [(Double, Int64)])
    func `its end is its start and its duration, whatever that is`(duration: Double, end: Int64) {
        #expect(record(duration: duration).endedAt == Timestamp(milliseconds: end))
    }

    @Test func `texts are cut at 128 bytes, between two characters`() {
        let long = String(repeating: "é", count: 200)
        let odd = "x" + long
        let record = FinishedRequest(
            id: long, startedAt: Timestamp(milliseconds: 0), route: odd, model: String(repeating: "m", count: 128),
            backend: odd, code: 200, outcome: .ok, durationSeconds: 0, finishReason: long + long, errorCode: odd)
        #expect(record.id == String(repeating: "é", count: 64))
        #expect(record.route == "x" + String(repeating: "é", count: 63))
        #expect(record.model.utf8.count == 128)
        for text in [record.backend, record.finishReason, record.errorCode] {
            #expect(text.map { (127...128).contains($0.utf8.count) && !$0.contains("\u{FFFD}") } == true)
        }
    }
}

@Suite struct RequestPageTests {
    private func live(_ id: String, start: Int64, model: String = "m", backend: String? = "a") -> LiveRequest {
        LiveRequest(
            id: id, startedAt: Timestamp(milliseconds: start), route: "chat", model: model, backend: backend,
            phase: .streaming, ageSeconds: 1)
    }

    @Test func `requests under way stand oldest first, are cut at the limit, and all are counted`() {
        var page = RequestPage()
        page.take(live: [live("c", start: 3), live("a", start: 1), live("b", start: 2)], for: RequestQuery(limit: 2))
        #expect(page.live.map(\.id) == ["a", "b"])
        #expect(page.inFlight == 3)
    }

    @Test func `requests under way are filtered like the others, and none of them has failed`() {
        let all = [live("a", start: 1), live("b", start: 2, model: "n"), live("c", start: 3, backend: nil)]
        let expected: [(RequestQuery, [String])] = [
            (RequestQuery(), ["a", "b", "c"]), (RequestQuery(model: "n"), ["b"]),
            (RequestQuery(backend: "a"), ["a", "b"]), (RequestQuery(model: "m", backend: "a"), ["a"]),
            (RequestQuery(failed: true), []),
        ]
        for (query, ids) in expected {
            var page = RequestPage()
            page.take(live: all, for: query)
            #expect(page.live.map(\.id) == ids, "\(query.queryText)")
            #expect(page.inFlight == ids.count)
        }
    }

    @Test func `a page reads back the same`() throws {
        let page = RequestPage(
            next: 9,
            requests: [
                FinishedRequest(
                    id: "r", startedAt: Timestamp(milliseconds: 1), route: "chat", model: "m", code: 200, outcome: .ok,
                    durationSeconds: 1)
            ], live: [live("a", start: 1)], inFlight: 4,
            backends: [BackendStatus(name: "a", usable: true, inFlight: 1)])
        #expect(try JSONDecoder().decode(RequestPage.self, from: JSONEncoder().encode(page)) == page)
    }
}
