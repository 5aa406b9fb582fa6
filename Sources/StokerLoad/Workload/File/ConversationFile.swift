/// The conversations of a file.
package struct ConversationFile: Sendable, Equatable {
    /// How it is written.
    package enum Format: String, Sendable, CaseIterable {
        /// One object a line: `prompt`, `text` or `messages`, and `max_tokens` or `output_tokens`.
        case jsonl
        /// An array or lines of `{"conversations": [{"from": "human", "value": "…"}]}`.
        case sharegpt
    }

    package var conversations: [Conversation] = []
    /// Rows in which no user says anything.
    package var skipped = 0

    /// Reads it, at most as many rows as the limits say.
    package init(path: String, format: Format, limits: FileLimits = FileLimits()) throws(LoadError) {
        var reader = try RowReader(path: path, limits: limits, mayBeArray: true)
        while let row = try reader.next() {
            let conversation =
                switch format {
                case .jsonl: try PromptRow.read(row, reader)
                case .sharegpt: try ShareGPTRow.read(row, reader)
                }
            if let conversation { conversations.append(conversation) } else { skipped += 1 }
        }
        guard !conversations.isEmpty else {
            throw LoadError(
                skipped == 0
                    ? "\(path): the file is empty; expected \(PromptRow.expected)"
                    : "\(path): in none of its \(skipped) rows does a user say anything")
        }
    }
}

/// A row of a plain JSONL file.
private struct PromptRow: Decodable {
    static let expected = #"{"prompt": "…", "max_tokens": 128}, or "messages": [{"role": "user", "content": "…"}]"#

    struct Message: Decodable {
        /// Text, or as newer clients write it, a list of parts.
        enum Content: Decodable {
            case text(String)
            case parts([Part])

            struct Part: Decodable { var text: String? }

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let parts = try? container.decode([Part].self) {
                    self = .parts(parts)
                } else {
                    self = .text(try container.decode(String.self))
                }
            }

            var text: String {
                switch self {
                case .text(let text): text
                case .parts(let parts): parts.compactMap(\.text).joined(separator: "\n")
                }
            }
        }

        var role: String
        var content: Content
    }

    var prompt: String?
    var text: String?
    var messages: [Message]?
    var max_tokens: Int?
    var output_tokens: Int?

    static func read(_ row: RowReader.Row, _ reader: RowReader) throws(LoadError) -> Conversation? {
        let value = try JSONRow.decode(PromptRow.self, row, reader, expected: expected)
        let tokens = value.max_tokens ?? value.output_tokens
        if let tokens, tokens < 1 || tokens > LengthDistribution.longest {
            throw reader.fault(row.line, "max_tokens is \(tokens); it must be 1 to \(LengthDistribution.longest)")
        }
        if let messages = value.messages {
            let lines = messages.map { Speech(role: $0.role, text: $0.content.text) }
            return Conversation(lines, outputTokens: tokens, estimates: false)
        }
        guard let prompt = value.prompt ?? value.text else {
            throw reader.fault(row.line, "neither prompt, text nor messages; expected \(expected)")
        }
        return Conversation(exchanges: [.init(prompt: .text(prompt), outputTokens: tokens)])
    }
}

/// A row of a ShareGPT file.
private struct ShareGPTRow: Decodable {
    static let expected = #"{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}"#

    struct Line: Decodable {
        var from: String
        var value: String
    }

    var conversations: [Line]

    static func read(_ row: RowReader.Row, _ reader: RowReader) throws(LoadError) -> Conversation? {
        let value = try JSONRow.decode(ShareGPTRow.self, row, reader, expected: expected)
        return Conversation(
            value.conversations.map { Speech(role: $0.from, text: $0.value) }, outputTokens: nil, estimates: true)
    }
}

/// What one side of a conversation said.
private struct Speech {
    var role: String
    var text: String

    var isUser: Bool { role == "user" || role == "human" }
    var isSystem: Bool { role == "system" || role == "developer" }
}

extension Conversation {
    /// Each thing the user said is a turn, with what was answered to it. What came before the user's first word but
    /// the system's is left out. nil when the user said nothing.
    ///
    /// - Parameter estimates: takes a reply's length for the tokens to ask for, four bytes each.
    fileprivate init?(_ lines: [Speech], outputTokens: Int?, estimates: Bool) {
        var exchanges: [Exchange] = []
        var system: String?
        for line in lines where !line.text.isEmpty {
            if line.isSystem {
                if exchanges.isEmpty { system = system.map { $0 + "\n" + line.text } ?? line.text }
            } else if line.isUser {
                exchanges.append(Exchange(prompt: .text(line.text), outputTokens: outputTokens))
            } else if let last = exchanges.indices.last, exchanges[last].reply == nil {
                exchanges[last].reply = line.text
                if estimates { exchanges[last].outputTokens = max(1, line.text.utf8.count / 4) }
            }
        }
        guard !exchanges.isEmpty else { return nil }
        self.init(system: system, exchanges: exchanges)
    }
}
