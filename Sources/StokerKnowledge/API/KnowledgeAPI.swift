import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import StokerCore
import StokerMetrics

/// The HTTP face of the service.
struct KnowledgeAPI: Sendable {
    let store: KnowledgeStore
    let commits: GroupCommit
    let limits: KnowledgeLimits
    let metrics: KnowledgeMetrics
    let clock: MetricsClock

    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: FailureMiddleware())
        router.post("/v1/documents") { request, _ in try await store(request) }
        router.get("/v1/documents/:id") { _, context in try await document(try Self.id(of: context)) }
        router.delete("/v1/documents/:id") { _, context in try await delete(try Self.id(of: context)) }
        router.get("/v1/search") { request, _ in try await search(request) }
        router.get("/healthz") { _, _ in try await health() }
        router.get("/metrics") { request, _ in await page(for: request) }
        return router
    }

    // MARK: - Documents

    private func store(_ request: Request) async throws -> Response {
        do {
            return try await stored(try await body(of: request))
        } catch let error as KnowledgeError {
            metrics.storingFailed(error)
            throw error
        }
    }

    private func stored(_ json: Data) async throws(KnowledgeError) -> Response {
        let documents = try DocumentsBody(json: json, limits: limits).documents
        guard case .put(let ids, let created) = try await commits.submit(.put(documents)) else {
            throw KnowledgeError(.storage, "nothing was stored")
        }
        metrics.stored(ids.count, at: clock.wall())
        let reply = Reply.Stored(ids: ids, created: created, updated: ids.count - created)
        return Reply.json(reply, status: created > 0 ? .created : .ok)
    }

    private func body(of request: Request) async throws -> Data {
        let largest = Int(clamping: limits.maxBody.bytes)
        do {
            let buffer = try await request.body.collect(upTo: largest)
            return Data(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw KnowledgeError(.tooLarge, "the body is larger than \(limits.maxBody.text)")
        }
    }

    private func document(_ id: Int64) async throws(KnowledgeError) -> Response {
        guard let document = try await store.document(id) else { throw Self.unknown(id) }
        return Reply.json(Reply.One(document))
    }

    private func delete(_ id: Int64) async throws(KnowledgeError) -> Response {
        guard try await commits.submit(.delete(id: id)) == .deleted(true) else { throw Self.unknown(id) }
        return Response(status: .noContent)
    }

    private static func unknown(_ id: Int64) -> KnowledgeError {
        KnowledgeError(.notFound, "there is no document \(id)")
    }

    private static func id(of context: BasicRequestContext) throws(KnowledgeError) -> Int64 {
        guard let id = context.parameters.get("id").flatMap({ Int64($0) }), id > 0 else {
            throw KnowledgeError(.badRequest, "the id of a document is a whole number from 1")
        }
        return id
    }

    // MARK: - Search

    private func search(_ request: Request) async throws(KnowledgeError) -> Response {
        let start = clock.monotonic()
        let parameters = request.uri.queryParameters
        do {
            let asked = try SearchRequest(
                q: parameters["q"].map(String.init), k: parameters["k"].map(String.init), limits: limits)
            let hits = try await store.search(asked.query, limit: asked.limit)
            metrics.searched(found: hits.count, in: clock.monotonic() - start)
            return Reply.json(Reply.Found(hits))
        } catch {
            metrics.searchFailed(error)
            throw error
        }
    }

    // MARK: - Operations

    private func health() async throws(KnowledgeError) -> Response {
        try await store.checkHealth()
        return Reply.json(Reply.Health(status: "ok", documents: store.documentCount))
    }

    private func page(for request: Request) async -> Response {
        let answer = await metrics.endpoint.answer(
            ScrapeRequest(
                method: request.method.rawValue, accept: request.headers[.accept],
                acceptEncoding: request.headers[.acceptEncoding],
                timeout: HTTPField.Name("X-Prometheus-Scrape-Timeout-Seconds").flatMap { request.headers[$0] }))
        var headers = HTTPFields()
        for header in answer.headers {
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        return Response(status: .init(code: answer.status), headers: headers, body: body)
    }
}

/// Turns whatever a handler throws into the JSON that the API promises; unknown errors are logged, not shown.
private struct FailureMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as KnowledgeError {
            if error.code == .storage { context.logger.error("\(error.message)") }
            return Reply.failure(error)
        } catch let error as HTTPError where error.status == .notFound {
            return Reply.failure(KnowledgeError(.notFound, "there is no \(request.method) \(request.uri.path)"))
        }
    }
}
