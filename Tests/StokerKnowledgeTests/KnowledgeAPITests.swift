import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import StokerCore
import StokerKnowledge
import StokerMetrics
import Testing

@Suite("Knowledge API")
struct KnowledgeAPITests {
    @Test("One document, an array and an object with documents are stored alike")
    func storing() async throws {
        try await withService { client in
            let one = try await client.post(#"{"content": "alpha", "tags": "x, y"}"#)
            #expect(one.status == .created)
            #expect(try one.decoded(StoredReply.self).ids == [1])
            let two = try await client.post(#"[{"content": "beta", "tags": ["z"]}, {"content": "gamma"}]"#)
            #expect(try two.decoded(StoredReply.self).ids == [2, 3])
            let three = try await client.post(#"{"documents": [{"content": "delta", "tags": null}]}"#)
            #expect(try three.decoded(StoredReply.self).created == 1)
            let document = try await client.get("/v1/documents/1")
            #expect(document.status == .ok)
            #expect(document.text.contains(#""content":"alpha""#))
            #expect(document.text.contains(#""tags":["x","y"]"#))
            #expect(document.text.contains(#/"created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/#))
        }
    }

    @Test("An id makes it an update: 200 instead of 201")
    func upsert() async throws {
        try await withService { client in
            _ = try await client.post(#"{"id": 7, "content": "old"}"#)
            let reply = try await client.post(#"{"id": 7, "content": "new"}"#)
            #expect(reply.status == .ok)
            #expect(try reply.decoded(StoredReply.self).updated == 1)
            #expect(try await client.get("/v1/documents/7").text.contains("new"))
        }
    }

    @Test("A search answers with score, content, snippet, tags and time, best first")
    func searching() async throws {
        try await withService { client in
            _ = try await client.post(
                #"[{"content": "GPU memory is full", "tags": "ops"}, {"content": "GPU GPU GPU memory"}, {"content": "部署模型"}]"#
            )
            let page = try await client.search("gpu memory").decoded(FoundPage.self)
            #expect(page.mode == "keyword")
            #expect(page.results.count == 2)
            #expect(page.results.map(\.score) == page.results.map(\.score).sorted(by: >))
            #expect(page.results.contains { $0.tags == ["ops"] && $0.snippet == "GPU memory is full" })
            let chinese = try await client.search("模型").decoded(FoundPage.self)
            #expect(chinese.results.map(\.content) == ["部署模型"])
            #expect(try await client.search("nothing-like-that").decoded(FoundPage.self).results.isEmpty)
        }
    }

    @Test("k bounds the results")
    func k() async throws {
        try await withService { client in
            let documents = (0..<120).map { "{\"content\": \"word \($0)\"}" }.joined(separator: ",")
            _ = try await client.post("[\(documents)]")
            #expect(try await client.search("word").decoded(FoundPage.self).results.count == 10)
            #expect(try await client.search("word", "&k=1").decoded(FoundPage.self).results.count == 1)
            #expect(try await client.search("word", "&k=100").decoded(FoundPage.self).results.count == 100)
        }
    }

    @Test("Deleting answers 204, and 404 the second time")
    func deleting() async throws {
        try await withService { client in
            _ = try await client.post(#"{"content": "x"}"#)
            let first = try await client.execute(uri: "/v1/documents/1", method: .delete) { $0.status }
            let second = try await client.execute(uri: "/v1/documents/1", method: .delete) { $0 }
            #expect(first == .noContent)
            #expect(second.status == .notFound)
            #expect(second.errorMessage == "there is no document 1")
        }
    }

    @Test(
        "A bad body is a 400 that says what is wrong",
        arguments: [
            ("", "the body is not valid JSON"), ("{", "the body is not valid JSON"),
            ("[]", "there is no document in the request"),
            (#"{"documents": []}"#, "there is no document in the request"), ("{}", "content is missing"),
            (#"{"tags": "x"}"#, "content is missing"), (#"[{"content": "a"}, {}]"#, "documents[1].content is missing"),
            (#"{"documents": [{"tags": "a"}]}"#, "documents[0].content is missing"),
            (#"{"content": 5}"#, "content has the wrong type"), (#"{"content": null}"#, "content has the wrong type"),
            (#"{"content": "a", "tags": 5}"#, "tags has the wrong type"),
            (#"{"content": "  \n "}"#, "content is empty"),
            (#"{"content": "a", "id": 0}"#, "id is 0"), (#"{"content": "a", "id": -3}"#, "id is -3"),
            (#"{"content": "a", "id": 1.5}"#, "id"), (#"{"content": "a", "id": "7"}"#, "id has the wrong type"),
            (#"{"content": "a\u0000b"}"#, "NUL"), (#""text""#, "the body has the wrong type"),
            ("5", "the body has the wrong type"),
        ])
    func badBodies(body: String, complaint: String) async throws {
        try await withService { client in
            let reply = try await client.post(body)
            #expect(reply.status == .badRequest)
            #expect(reply.errorMessage?.contains(complaint) == true, "\(reply.text)")
        }
    }

    @Test("Bytes that are no UTF-8 are a 400")
    func invalidUTF8() async throws {
        try await withService { client in
            var body = ByteBuffer(string: #"{"content": ""#)
            body.writeBytes([0xC3, 0x28, 0xFF])
            body.writeString(#""}"#)
            let reply = try await client.execute(uri: "/v1/documents", method: .post, body: body) { $0 }
            #expect(reply.status == .badRequest)
        }
    }

    @Test("One bad document stores none of the request")
    func allOrNothing() async throws {
        try await withService { client in
            let refused = try await client.post(#"[{"content": "good"}, {"content": ""}]"#)
            #expect(refused.status == .badRequest)
            #expect(try await client.search("good").decoded(FoundPage.self).results.isEmpty)
        }
    }

    @Test("Bodies, batches, contents and tags beyond their bounds are a 413 with the bound")
    func tooLarge() async throws {
        let limits = KnowledgeLimits(
            maxBody: .kibibytes(8), maxDocuments: 3, maxContent: .kibibytes(1), maxTags: ByteSize(bytes: 16))
        try await withService(limits: limits) { client in
            let long = String(repeating: "x", count: 2000)
            let cases = [
                (String(repeating: " ", count: 9000), "the body is larger than 8KiB"),
                (
                    (#"["# + Array(repeating: #"{"content":"a"}"#, count: 4).joined(separator: ",") + "]"),
                    "3 is the most"
                ),
                (#"{"content": "\#(long)"}"#, "1KiB is the most"),
                (#"{"content": "a", "tags": ["abcdefghijk", "lmnopqrstuv"]}"#, "tags together are longer than 16B"),
            ]
            for (body, complaint) in cases {
                let reply = try await client.post(body)
                #expect(reply.status == .contentTooLarge)
                #expect(reply.errorMessage?.contains(complaint) == true, "\(reply.text)")
            }
        }
    }

    @Test(
        "A bad search is a 400 that says what is wrong",
        arguments: [
            ("/v1/search", "q is missing"), ("/v1/search?q=", "q is missing"), ("/v1/search?q=%20%20", "q is missing"),
            ("/v1/search?q=***", "no letter or digit"), ("/v1/search?q=a&k=0", "k must be"),
            ("/v1/search?q=a&k=101", "k must be"),
            ("/v1/search?q=a&k=x", "k must be"), ("/v1/search?q=a&k=-1", "k must be"),
            ("/v1/search?q=a&k=99999999999999999999", "k must be"),
            ("/v1/search?q=\(String(repeating: "a", count: 1025))", "longer"),
        ])
    func badSearches(uri: String, complaint: String) async throws {
        try await withService { client in
            let reply = try await client.get(uri)
            #expect(reply.status == .badRequest)
            #expect(reply.errorMessage?.contains(complaint) == true, "\(reply.text)")
        }
    }

    @Test(
        "FTS syntax, SQL and broken encodings never make a 500",
        arguments: [
            "%22", "%22%22%22", "NEAR(", "NEAR(a%20b,%205)", "a*", "*", "%27;DROP%20TABLE%20knowledge;--", "a%00b",
            "%00", "%zz", "%", "%e",
            "content:x", "-a", "a%20AND", "%FF%FE", "%F0%9F%99%82", "a+b", "a&q=b", "%E7%9F%A5%22%E8%AF%86",
        ])
    func hostileSearches(q: String) async throws {
        try await withService { client in
            _ = try await client.post(#"{"content": "a b c"}"#)
            let status = try await client.get("/v1/search?q=\(q)").status
            #expect(status == .ok || status == .badRequest)
        }
    }

    @Test(
        "Unknown paths and ids are JSON errors",
        arguments: [
            ("/", 404), ("/v1/nothing", 404), ("/v1/documents/99", 404), ("/v1/documents/x", 400),
            ("/v1/documents/0", 400),
            ("/v1/documents/99999999999999999999", 400),
        ])
    func unknown(uri: String, status: Int) async throws {
        try await withService { client in
            let reply = try await client.get(uri)
            #expect(reply.status.code == status)
            #expect(reply.errorMessage?.isEmpty == false)
            #expect(reply.headers[.contentType] == "application/json; charset=utf-8")
        }
    }

    @Test("Health reads the database and counts the documents")
    func health() async throws {
        try await withService { client in
            _ = try await client.post(#"[{"content": "a"}, {"content": "b"}]"#)
            let reply = try await client.get("/healthz")
            #expect(reply.status == .ok)
            #expect(reply.text == "{\"documents\":2,\"status\":\"ok\"}\n")
        }
    }

    @Test("Metrics tell of searches, documents and failures, in the form that was asked for")
    func metrics() async throws {
        try await withService { client in
            _ = try await client.post(#"[{"content": "a"}, {"content": "b"}]"#)
            _ = try await client.post("{")
            _ = try await client.search("a")
            _ = try await client.search("zebra")
            _ = try await client.search("")
            let page = try await client.get("/metrics")
            #expect(page.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            for line in Self.expectedMetrics { #expect(page.text.contains(line + "\n"), "\(line)") }
            let open = try await client.execute(
                uri: "/metrics", method: .get, headers: [.accept: "application/openmetrics-text;version=1.0.0"]
            ) { $0 }
            #expect(open.headers[.contentType]?.hasPrefix("application/openmetrics-text") == true)
            #expect(open.text.hasSuffix("# EOF\n"))
            #expect(ExpositionValidator.findings(in: Array(page.text.utf8), as: .text004).isEmpty)
            let packed = try await client.execute(
                uri: "/metrics", method: .get, headers: [.acceptEncoding: "gzip"]
            ) { $0 }
            #expect(packed.headers[.contentEncoding] == "gzip")
        }
    }

    private static let expectedMetrics = [
        #"stoker_knowledge_queries_total{store="default",mode="keyword"} 3"#,
        #"stoker_knowledge_query_errors_total{store="default",reason="bad_request"} 1"#,
        #"stoker_knowledge_empty_results_total{store="default"} 1"#,
        #"stoker_knowledge_query_duration_seconds_count{store="default",mode="keyword"} 2"#,
        #"stoker_knowledge_documents{store="default"} 2"#,
        #"stoker_knowledge_ingest_documents_total{store="default"} 2"#,
        #"stoker_knowledge_ingest_failures_total{store="default",reason="bad_request"} 1"#,
    ]
}

@Suite("Knowledge service over TCP")
struct KnowledgeServiceTests {
    @Test("A request over a real socket is answered, seeds are there before the first one")
    func live() async throws {
        let docs = try TemporaryDirectory()
        try docs.write("# 快速开始\n\n运行 make run 即可。", to: "start.md")
        try await withService(.live, seeds: docs.path) { client in
            let found = try await client.search("快速开始").decoded(FoundPage.self)
            #expect(found.results.count == 1)
            #expect(try await client.post(#"{"content": "new"}"#).status == .created)
            #expect(try await client.get("/healthz").status == .ok)
        }
    }

    @Test("A request line of a megabyte is refused and the next client is served")
    func hugeRequestLine() async throws {
        try await withService(.live) { client in
            let uri = "/v1/search?q=" + String(repeating: "a", count: 1 << 20)
            let status = try? await client.get(uri).status
            #expect(status == nil || status == .badRequest || status == .requestHeaderFieldsTooLarge)
        }
    }
}
