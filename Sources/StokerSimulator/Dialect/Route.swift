/// Which of the engine's calls asks for an answer.
package enum AnswerKind: Sendable, Equatable {
    /// `/v1/chat/completions` and `/v1/completions`.
    case chat, text
    /// llama.cpp's `/completion`.
    case llama
    /// Ollama's `/api/generate` and `/api/chat`.
    case generate, ollamaChat

    /// One JSON object a line instead of server-sent events; streamed unless the request says otherwise.
    var isOllama: Bool { self == .generate || self == .ollamaChat }

    var isChat: Bool { self == .chat || self == .ollamaChat }
}

/// What a request wants of the engine.
package enum Route: Sendable, Equatable {
    case answer(AnswerKind)
    case health
    /// SGLang's, which generates a token first.
    case generatedHealth
    /// SGLang's, which only looks.
    case readiness
    case ping
    case metrics
    case models
    case version
    /// Ollama's `/` and `/api/tags`.
    case greeting, tags
    /// llama.cpp's.
    case slots, props
    /// SGLang's.
    case modelInfo
    /// The simulator's own pages, under `/simulator/`.
    case simulator(String)
    case wrongMethod
    case unknown

    /// The route of a method and a path without its query.
    package static func of(_ method: String, _ path: String, _ dialect: SimulatorDialect) -> Route {
        if path.hasPrefix("/simulator/") { return .simulator(String(path.dropFirst("/simulator/".count))) }
        let table = tables[dialect] ?? [:]
        guard let entry = table[path] else { return .unknown }
        // HEAD is answered like GET, without the body.
        return entry.methods.contains(method == "HEAD" ? "GET" : method) ? entry.route : .wrongMethod
    }

    private typealias Entry = (methods: Set<String>, route: Route)

    private static let get: Set = ["GET"]
    private static let post: Set = ["POST"]

    private static let common: [String: Entry] = [
        "/v1/models": (get, .models),
        "/v1/chat/completions": (post, .answer(.chat)),
        "/v1/completions": (post, .answer(.text)),
        // vLLM's; every dialect has it, as the server's cheapest answer.
        "/ping": (["GET", "POST"], .ping),
    ]

    private static let tables: [SimulatorDialect: [String: Entry]] = [
        .vllm: with(["/health": (get, .health), "/metrics": (get, .metrics), "/version": (get, .version)]),
        .sglang: with([
            "/health": (get, .generatedHealth), "/health_generate": (get, .generatedHealth),
            "/ready": (get, .readiness), "/metrics": (get, .metrics), "/get_model_info": (get, .modelInfo),
            "/model_info": (get, .modelInfo), "/get_server_info": (get, .version),
        ]),
        .llamaCpp: with([
            "/health": (get, .health), "/v1/health": (get, .health), "/metrics": (get, .metrics),
            "/slots": (get, .slots), "/props": (get, .props), "/completion": (post, .answer(.llama)),
            "/completions": (post, .answer(.llama)), "/models": (get, .models),
        ]),
        .ollama: with([
            "/": (get, .greeting), "/api/version": (get, .version), "/api/tags": (get, .tags),
            "/api/ps": (get, .tags), "/api/generate": (post, .answer(.generate)),
            "/api/chat": (post, .answer(.ollamaChat)),
        ]),
    ]

    private static func with(_ own: [String: Entry]) -> [String: Entry] { common.merging(own) { $1 } }
}
