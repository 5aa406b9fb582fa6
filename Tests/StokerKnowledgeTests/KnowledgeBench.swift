import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import StokerCore
import StokerKnowledge
import StokerMetrics
import Testing

/// A directory that is gone when the test is over.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/stoker-knowledge-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: file(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
    }
}

/// Whoever waits for a value of the store that must be there.
struct Missing: Error {}

extension KnowledgeStore {
    /// Stores documents by the shortest way; returns their ids.
    @discardableResult
    func put(_ documents: NewDocument...) async throws -> [Int64] {
        guard case .put(let ids, _) = try await commit([.put(documents)])[0].get() else { throw Missing() }
        return ids
    }

    /// The contents that a search finds, best first.
    func contents(_ words: String, limit: Int = 10) async throws -> [String] {
        guard let query = SearchQuery(words) else { throw Missing() }
        return try await search(query, limit: limit).map(\.document.content)
    }
}

/// Runs a test against the service over HTTP.
func withService<Value>(
    _ setup: TestingSetup = .router, limits: KnowledgeLimits = KnowledgeLimits(), seeds: String? = nil,
    _ test: @Sendable (any TestClientProtocol) async throws -> Value
) async throws -> Value {
    let directory = try TemporaryDirectory()
    let store = try KnowledgeStore(path: directory.file("knowledge.sqlite"))
    let metrics = try KnowledgeMetrics(registry: MetricsRegistry(component: "knowledge"))
    let service = KnowledgeService(
        store: store, metrics: metrics, seeds: try seeds.map { try SeedDirectory(path: $0) }, limits: limits,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let application = service.application(listen: Endpoint(host: "127.0.0.1", port: 0))
    let value = try await application.test(setup, test)
    withExtendedLifetime(directory) {}
    return value
}

extension TestClientProtocol {
    func post(_ json: String) async throws -> TestResponse {
        try await execute(uri: "/v1/documents", method: .post, body: ByteBuffer(string: json)) { $0 }
    }

    func get(_ uri: String) async throws -> TestResponse {
        try await execute(uri: uri, method: .get) { $0 }
    }

    func search(_ words: String, _ more: String = "") async throws -> TestResponse {
        let q = words.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return try await get("/v1/search?q=\(q)\(more)")
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }

    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(body.readableBytesView))
    }

    /// `error.message` of the API's error form.
    var errorMessage: String? { try? decoded(Refusal.self).error.message }
}

struct Refusal: Decodable {
    struct Detail: Decodable {
        let code: String
        let message: String
    }

    let error: Detail
}

struct FoundPage: Decodable {
    struct Item: Decodable {
        let id: Int64
        let score: Double
        let content: String
        let snippet: String
        let tags: [String]
        let createdAt: String
    }

    let mode: String
    let results: [Item]
}

struct StoredReply: Decodable {
    let ids: [Int64]
    let created: Int
    let updated: Int
}
