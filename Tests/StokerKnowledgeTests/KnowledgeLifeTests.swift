import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import ServiceLifecycle
import StokerCore
import StokerKnowledge
import StokerMetrics
import Testing

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

private func service(on store: KnowledgeStore) throws -> KnowledgeService {
    let metrics = try KnowledgeMetrics(registry: MetricsRegistry(component: "knowledge"))
    return KnowledgeService(store: store, metrics: metrics, logger: silent)
}

@Suite("Life of the knowledge service")
struct KnowledgeLifeTests {
    private let directory: TemporaryDirectory
    private let store: KnowledgeStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try KnowledgeStore(path: directory.file("k.sqlite"))
    }

    @Test("Asked to end, it answers what it has and returns; the port is free and the documents are there")
    func gracefulEnd() async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let application = try service(on: store).application(listen: Endpoint(host: "127.0.0.1", port: 0)) {
            continuation.yield($0)
        }
        let group = ServiceGroup(configuration: .init(services: [application], logger: silent))
        let port = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                let body = ByteBuffer(string: #"{"content": "last words"}"#)
                let reply = try await client.post("/v1/documents", body: body)
                #expect(reply.status == .created)
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
            return port
        }
        #expect(try await store.contents("last words") == ["last words"])
        await #expect(throws: (any Error).self) {
            try await TestClient.withClient(host: "127.0.0.1", port: port) { try await $0.get("/healthz") }
        }
    }

    @Test("Port in use: one clear line")
    func portInUse() async throws {
        let other = try KnowledgeStore(path: directory.file("other.sqlite"))
        let first = try service(on: store).application(listen: Endpoint(host: "127.0.0.1", port: 0))
        let second = try service(on: other)
        try await first.test(.live) { client in
            let port = try #require(client.port)
            let message = "cannot listen on 127.0.0.1:\(port): Address already in use"
            await #expect(throws: KnowledgeError(.cannotOpen, message)) {
                try await second.serve(on: Endpoint(host: "127.0.0.1", port: UInt16(port))) { _ in }
            }
        }
    }

    @Test("When too many writes wait, a write gets 503 with Retry-After, and reads go on")
    func overload() async throws {
        try await withService(limits: KnowledgeLimits(maxQueuedWrites: 0)) { client in
            let reply = try await client.post(#"{"content": "a"}"#)
            #expect(reply.status == .serviceUnavailable)
            #expect(reply.headers[.retryAfter] == "1")
            #expect(reply.errorMessage?.contains("wait for the disk") == true)
            #expect(try await client.get("/healthz").status == .ok)
            let page = try await client.get("/metrics").text
            #expect(page.contains(#"stoker_knowledge_ingest_failures_total{store="default",reason="overloaded"} 1"#))
        }
    }

    @Test("HEAD is answered as GET without the body")
    func head() async throws {
        try await withService { client in
            let reply = try await client.execute(uri: "/healthz", method: .head) { $0 }
            #expect(reply.status == .ok)
        }
    }

    @Test("Eight clients write and search at once; each finds what it was told is stored")
    func readYourWrites() async throws {
        let store = store
        try await withService(.ahc()) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in 0..<10 {
                            _ = try await client.post(#"{"content": "writer\#(writer)note\#(number)"}"#)
                            let page = try await client.search("writer\(writer)note\(number)").decoded(FoundPage.self)
                            #expect(page.results.count == 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        withExtendedLifetime(store) {}
    }
}
