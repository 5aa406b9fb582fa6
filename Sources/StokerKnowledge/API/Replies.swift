import Foundation
import HTTPTypes
import Hummingbird

/// The JSON of the API's answers.
enum Reply {
    struct Found: Encodable {
        struct Item: Encodable {
            let id: Int64
            let score: Double
            let content: String
            let snippet: String
            let tags: [String]
            let createdAt: String
        }

        /// How was searched; `hybrid` comes with vectors.
        let mode = "keyword"
        let results: [Item]

        init(_ hits: [SearchHit]) {
            results = hits.map { hit in
                Item(
                    id: hit.document.id, score: hit.score, content: hit.document.content, snippet: hit.snippet,
                    tags: hit.document.tags.names, createdAt: hit.document.createdAt)
            }
        }
    }

    struct Stored: Encodable {
        /// In the order of the request.
        let ids: [Int64]
        let created: Int
        let updated: Int
    }

    struct One: Encodable {
        let id: Int64
        let content: String
        let tags: [String]
        let createdAt: String

        init(_ document: Document) {
            id = document.id
            content = document.content
            tags = document.tags.names
            createdAt = document.createdAt
        }
    }

    struct Health: Encodable {
        let status: String
        let documents: Int
    }

    struct Failure: Encodable {
        struct Detail: Encodable {
            let code: String
            let message: String
        }

        let error: Detail

        init(_ error: KnowledgeError) { self.error = Detail(code: error.code.rawValue, message: error.message) }
    }

    /// A JSON answer.
    static func json(_ body: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(body) else { return Response(status: .internalServerError) }
        var bytes = ByteBuffer()
        bytes.writeBytes(data)
        bytes.writeString("\n")
        return Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: bytes))
    }

    /// A refusal, with the status that its code stands for.
    static func failure(_ error: KnowledgeError) -> Response {
        var response = json(Failure(error), status: status(of: error.code))
        if response.status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
        return response
    }

    private static func status(of code: KnowledgeError.Code) -> HTTPResponse.Status {
        switch code {
        case .badRequest: .badRequest
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .tooLarge: .contentTooLarge
        case .overloaded, .closing: .serviceUnavailable
        case .storage, .cannotOpen: .internalServerError
        }
    }
}
