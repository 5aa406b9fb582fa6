package import StokerCore
import StokerWire

/// What a request's body says about continuing its answer; read at the seam, so that no other request pays for it.
package struct ContinuationRequest: Sendable, Equatable {
    /// Texts that end the answer.
    package internal(set) var stops: [String] = []
    /// Whether a stop text is part of the answer that it ends (vLLM: `include_stop_str_in_output`).
    package internal(set) var includesStop = false
    /// Whether the stream ends with counts.
    package internal(set) var includesUsage = false

    let route: Route
    /// The inside of the prompt.
    var prompt: Range<Int>?
    var messages: Messages?
    /// Limits of tokens that are set, and the values' places.
    var limits: [Limit] = []
    /// The places of the values of `continue_final_message` and `add_generation_prompt`.
    var continueFinal: Range<Int>?
    var addGeneration: Range<Int>?
    /// Whether the client itself asks to go on with the last message.
    var continuesLast = false
    /// Where a member can be added: the place of the last bracket.
    var end = 0

    /// The messages of a chat.
    struct Messages: Sendable, Equatable {
        /// The place of the array's last bracket.
        var end: Int
        var lastIsAssistant: Bool
        /// The inside of the last one's content, when that is a text.
        var lastContent: Range<Int>?
    }

    /// A number of tokens.
    struct Limit: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            /// `max_tokens`, `n_predict`
            case most
            /// `max_completion_tokens`: it wins.
            case mostOfAll
            /// `min_tokens`
            case least
        }

        var kind: Kind
        var value: Int
        var place: Range<Int>
    }

    /// What to do at a seam.
    package enum Outcome: Sendable, Equatable {
        /// Send this body.
        case send([UInt8])
        /// The answer is whole, or has all the tokens that it may have: `StreamTranscript.close` ends it.
        case complete
        case impossible(ContinuationObstacle)
    }
}

/// Making the body.
extension ContinuationRequest {
    /// The body that asks another backend to go on.
    ///
    /// - Parameters:
    ///   - body: the bytes that this was read from.
    ///   - dialect: of the backend that goes on.
    ///   - first: of the backend that began, which decides what the client's own last message means.
    package func body(
        _ body: borrowing Span<UInt8>, continuing transcript: StreamTranscript, on dialect: ContinuationDialect,
        begunOn first: ContinuationDialect
    ) -> Outcome {
        if transcript.finishReason != nil || transcript.isDone { return .complete }
        if case .unfit(let obstacle) = transcript.fitness { return .impossible(obstacle) }
        let sent = transcript.outputTokens
        if sent > 0, let most, most <= sent { return .complete }
        // Nothing to go on with: the same request again.
        guard !transcript.text.isEmpty else { return .send(body.array(0..<body.count)) }
        guard dialect != .none else { return .impossible(.dialect) }
        var edits = ByteEdits()
        for limit in limits {
            let floor = limit.kind == .least ? 0 : 1
            edits.replace(limit.place, with: String(max(floor, limit.value - sent)))
        }
        if let prompt {
            edits.insert(transcript.text, at: prompt.upperBound)
        } else if let obstacle = extendChat(transcript.text, dialect, first, &edits) {
            return .impossible(obstacle)
        }
        return .send(edits.applied(to: body))
    }

    /// The most tokens, by the name that counts.
    private var most: Int? {
        (limits.first { $0.kind == .mostOfAll } ?? limits.filter { $0.kind == .most }.min { $0.value < $1.value })?
            .value
    }

    private func extendChat(
        _ text: [UInt8], _ dialect: ContinuationDialect, _ first: ContinuationDialect, _ edits: inout ByteEdits
    ) -> ContinuationObstacle? {
        guard let messages else { return .messages }
        guard dialect != .prompt else { return .dialect }
        // llama.cpp takes any last message of the assistant's for the beginning of its answer.
        let isBegun = first == .assistantPrefill ? messages.lastIsAssistant : continuesLast
        if isBegun {
            guard messages.lastIsAssistant, let content = messages.lastContent else { return .lastMessage }
            edits.insert(text, at: content.upperBound)
        } else {
            // It refuses two of them at the end, and would take the first for the beginning of its answer.
            if dialect == .assistantPrefill, messages.lastIsAssistant { return .lastMessage }
            edits.insert(
                Array(#",{"role":"assistant","content":""#.utf8) + text + Array(#""}"#.utf8), at: messages.end)
        }
        if dialect == .continueFinalMessage {
            set("continue_final_message", continueFinal, to: "true", &edits)
            set("add_generation_prompt", addGeneration, to: "false", &edits)
        }
        return nil
    }

    private func set(_ key: String, _ value: Range<Int>?, to word: String, _ edits: inout ByteEdits) {
        if let value {
            edits.replace(value, with: word)
        } else {
            edits.insert(",\"\(key)\":\(word)", at: end)
        }
    }
}
