/// The checked parameters of `GET /v1/search`.
struct SearchRequest: Equatable {
    static let defaultResults = 10

    let query: SearchQuery
    let limit: Int

    init(q: String?, k: String?, limits: KnowledgeLimits) throws(KnowledgeError) {
        guard let q, q.contains(where: { !$0.isWhitespace }) else {
            throw KnowledgeError(.badRequest, "q is missing or empty: /v1/search?q=words")
        }
        guard q.count <= limits.maxQuery else {
            throw KnowledgeError(.badRequest, "q is longer than \(limits.maxQuery) characters")
        }
        guard let query = SearchQuery(q) else {
            throw KnowledgeError(.badRequest, "q has no letter or digit to search for")
        }
        self.query = query
        guard let k else {
            limit = Self.defaultResults
            return
        }
        guard let number = Int(k), (1...limits.maxResults).contains(number) else {
            throw KnowledgeError(.badRequest, "k must be a whole number from 1 to \(limits.maxResults)")
        }
        limit = number
    }
}
