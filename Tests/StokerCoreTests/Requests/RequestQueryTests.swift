import StokerCore
import Testing

@Suite struct RequestQueryTests {
    private func read(_ text: String) throws -> RequestQuery {
        try RequestQuery(items: try #require(QueryText.items(of: text[...])))
    }

    @Test(arguments: [
        RequestQuery(), RequestQuery(after: 0, limit: 10_000),
        RequestQuery(after: .max, model: "a&b=c %+ü", backend: "x/y?z", failed: true, limit: 1),
    ])
    func `a query is written so that it reads back the same`(query: RequestQuery) throws {
        #expect(try read(query.queryText) == query)
    }

    @Test(arguments: [
        "limit=0", "limit=10001", "limit=x", "limit=", "limit", "after=-1", "after=1e3", "after=9223372036854775808",
        "failed=1", "failed=yes", "failed=", "modell=m", "limit=1&limit=2", "since=3", "=",
    ])
    func `what it does not understand is refused, because the answer would be to another question`(text: String) {
        #expect(throws: ControlError.self) { try read(text) }
    }

    @Test(arguments: ["model=%", "model=%z1", "model=%4", "model=%ff", "%zz=1", "a=1&b=%"])
    func `a broken escape is no query`(text: String) {
        #expect(QueryText.items(of: text[...]) == nil)
    }

    @Test func `items come in order, decoded once, and an empty part is none`() throws {
        let items = try #require(QueryText.items(of: "a=1&&b=%2541+&c&d=x=y"))
        #expect(items.map(\.name) == ["a", "b", "c", "d"])
        #expect(items.map(\.value) == ["1", "%41+", "", "x=y"])
    }

    @Test func `filters are joined, and an absent one holds nothing back`() {
        func record(_ model: String, _ backend: String?, _ outcome: RequestOutcome) -> FinishedRequest {
            FinishedRequest(
                id: "r", startedAt: Timestamp(milliseconds: 0), route: "chat", model: model, backend: backend,
                code: 200,
                outcome: outcome, durationSeconds: 1)
        }
        let records = [
            record("m", "a", .ok), record("m", "b", .failed), record("n", "a", .brokenOff), record("n", nil, .refused),
            record("m", "a", .clientGone),
        ]
        let expected: [(RequestQuery, [Int])] = [
            (RequestQuery(), [0, 1, 2, 3, 4]), (RequestQuery(model: "m"), [0, 1, 4]),
            (RequestQuery(backend: "a"), [0, 2, 4]), (RequestQuery(failed: true), [1, 2, 3]),
            (RequestQuery(model: "n", backend: "a", failed: true), [2]), (RequestQuery(model: "M"), []),
            (RequestQuery(backend: ""), []),
        ]
        for (query, matching) in expected {
            #expect(records.indices.filter { query.matches(records[$0]) } == matching, "\(query.queryText)")
        }
    }
}
