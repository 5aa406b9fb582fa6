import Foundation
import StokerLoad
import Testing

/// What an engine reads in a body.
struct AskedBody: Decodable {
    struct Message: Decodable, Equatable {
        var role: String
        var content: String
    }

    var model: String
    var messages: [Message]?
    var prompt: String?
    var max_tokens: Int?
    var stream: Bool?
    var temperature: Double?
    var ignore_eos: Bool?
    var top_p: Double?

    init(_ turn: Turn) throws { self = try JSONDecoder().decode(AskedBody.self, from: Data(turn.body)) }

    /// Its text as one, whatever the endpoint.
    var text: String { prompt ?? messages?.map(\.content).joined(separator: "\n") ?? "" }
}

extension LoadTarget {
    static let chat = LoadTarget(host: "h", port: 1, path: "/v1/chat/completions", endpoint: .chat, model: "m")
    static let completions = LoadTarget(host: "h", port: 1, path: "/v1/completions", endpoint: .completions, model: "m")
}

func words(_ text: String) -> [Substring] { text.split { $0 == " " || $0 == "\n" } }

/// A synthetic workload of constant lengths.
func synthetic(_ input: Int = 40, _ output: Int = 10, turns: Int = 1) -> SyntheticPrompts {
    SyntheticPrompts(inputTokens: .constant(input), outputTokens: .constant(output), turns: .constant(turns))
}
