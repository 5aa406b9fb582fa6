import Foundation
import StokerCore

/// The body of `POST /v1/documents`: one object, an array of them, or `{"documents": […]}`.
struct DocumentsBody {
    /// At least one; each within the limits.
    let documents: [NewDocument]

    init(json: Data, limits: KnowledgeLimits) throws(KnowledgeError) {
        let shape: Shape
        do {
            shape = try JSONDecoder().decode(Shape.self, from: json)
        } catch {
            throw KnowledgeError(.badRequest, Self.explain(error))
        }
        guard !shape.items.isEmpty else { throw KnowledgeError(.badRequest, "there is no document in the request") }
        guard shape.items.count <= limits.maxDocuments else {
            let text = "\(shape.items.count) documents in one request; \(limits.maxDocuments) is the most"
            throw KnowledgeError(.tooLarge, text)
        }
        var documents: [NewDocument] = []
        for (index, item) in shape.items.enumerated() {
            documents.append(try item.checked(named: shape.isOne ? "the document" : "documents[\(index)]", limits))
        }
        self.documents = documents
    }

    /// A decoding error for people: which field, what is wrong with it. Never quotes the content.
    private static func explain(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "\(path(context.codingPath + [key])) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\(path(context.codingPath)) has the wrong type: \(context.debugDescription)"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "\(path(context.codingPath)): \(context.debugDescription)"
        default:
            "the body is not valid JSON"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        guard !keys.isEmpty else { return "the body" }
        return keys.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += (text.isEmpty ? "documents" : "") + "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
    }
}

/// What was sent, whichever of the three forms it has.
private struct Shape: Decodable {
    let items: [Item]
    /// A single object, not in an array: error texts then need no index.
    let isOne: Bool

    private enum Key: CodingKey {
        case documents
    }

    init(from decoder: any Decoder) throws {
        if let list = try? decoder.unkeyedContainer() {
            _ = list
            items = try [Item](from: decoder)
            isOne = false
        } else if let object = try? decoder.container(keyedBy: Key.self), object.contains(.documents) {
            items = try object.decode([Item].self, forKey: .documents)
            isOne = false
        } else {
            items = [try Item(from: decoder)]
            isOne = true
        }
    }
}

private struct Item: Decodable {
    let id: Int64?
    let content: String
    let tags: [String]

    private enum Key: CodingKey {
        case id, content, tags
    }

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Key.self)
        id = try object.decodeIfPresent(Int64.self, forKey: .id)
        content = try object.decode(String.self, forKey: .content)
        if let one = try? object.decode(String.self, forKey: .tags) {
            tags = [one]
        } else {
            tags = try object.decodeIfPresent([String].self, forKey: .tags) ?? []
        }
    }

    func checked(named name: String, _ limits: KnowledgeLimits) throws(KnowledgeError) -> NewDocument {
        let document = NewDocument(id: id, content: content, tags: Tags(tags))
        if let id, id < 1 { throw KnowledgeError(.badRequest, "\(name): id is \(id); it must be 1 or more") }
        guard content.contains(where: { !$0.isWhitespace }) else {
            throw KnowledgeError(.badRequest, "\(name): content is empty")
        }
        // SQLite's own functions stop at a NUL: a search would see less than what was stored.
        guard !content.utf8.contains(0), document.tags.text?.utf8.contains(0) != true else {
            throw KnowledgeError(.badRequest, "\(name) holds a NUL character, which a text cannot")
        }
        guard content.utf8.count <= Int(limits.maxContent.bytes) else {
            let text = "\(name): content has \(content.utf8.count) bytes; \(limits.maxContent.text) is the most, cut it"
            throw KnowledgeError(.tooLarge, text + " into passages")
        }
        guard document.tags.text?.utf8.count ?? 0 <= Int(limits.maxTags.bytes) else {
            throw KnowledgeError(.tooLarge, "\(name): its tags together are longer than \(limits.maxTags.text)")
        }
        return document
    }
}
