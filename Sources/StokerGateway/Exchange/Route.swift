import StokerWire

/// What a request's path asks for.
package enum Route: String, Sendable, CaseIterable {
    case chat
    case completions
    case embeddings
    case models
    case model
    case health
    /// Another path under `/v1/` that goes to the model's backend as it is.
    case other
    case unknown

    /// Finds the route of a path.
    package init(path: String) {
        switch path {
        case "/v1/chat/completions": self = .chat
        case "/v1/completions": self = .completions
        case "/v1/embeddings": self = .embeddings
        case "/v1/models": self = .models
        case "/health": self = .health
        case _ where path.hasPrefix("/v1/models/"): self = .model
        case _ where path.hasPrefix("/v1/") && Self.isPlain(path): self = .other
        default: self = .unknown
        }
    }

    /// The methods that it answers, nil for a path that is not there.
    var allow: String? {
        switch self {
        case .chat, .completions, .embeddings, .other: "POST"
        case .models, .model, .health: "GET, HEAD"
        case .unknown: nil
        }
    }

    /// Whether it is answered by a backend.
    var isForwarded: Bool { allow == "POST" }

    /// Unreserved bytes only, no empty segment, no dots: a path that no server can read as another one. What passes
    /// through must not reach an engine's `/slots` or `/metrics` by way of `/v1/../`.
    private static func isPlain(_ path: String) -> Bool {
        for segment in path.utf8.dropFirst().split(separator: ASCII.slash, omittingEmptySubsequences: false) {
            if segment.isEmpty || segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) { return false }
            if !segment.allSatisfy(ASCII.unreserved.contains) { return false }
        }
        return true
    }
}
