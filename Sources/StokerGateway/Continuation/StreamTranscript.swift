package import StokerWire

/// What a client has been sent of one stream, as far as another backend must know it to go on.
package struct StreamTranscript: Sendable, Equatable {
    /// Of the text, in bytes as escaped: some 60,000 tokens.
    package static let maxText = 256 << 10
    /// Of an id, a model's name or a time.
    private static let maxMark = 1 << 10

    /// Whether the stream can be continued as it stands.
    package enum Fitness: Sendable, Equatable {
        case plain
        case unfit(ContinuationObstacle)
    }

    package let route: Route
    /// The text so far, as the inside of a JSON string in the engines' own escapes.
    package private(set) var text: [UInt8] = []
    /// JSON values of the first chunk, quotes included; empty: it had none.
    package private(set) var id: [UInt8] = []
    package private(set) var created: [UInt8] = []
    package private(set) var model: [UInt8] = []
    /// Whether the role of a chat's answer has been sent.
    package private(set) var hasRole = false
    package private(set) var finishReason: String?
    /// Whether `data: [DONE]` has been sent.
    package private(set) var isDone = false
    /// The latest counts that an engine gave, for the stream as a whole.
    package private(set) var usage: TokenUsage?
    /// Whether the client has what `stream_options.include_usage` asks for: counts at or after the end.
    package private(set) var hasFinalUsage = false

    /// What stands in the way for good.
    private var obstacle: ContinuationObstacle?
    /// The latest token was one of reasoning.
    private var isReasoning = false
    /// Events that had a token in them.
    package private(set) var events = 0
    private var eventsSinceUsage = 0
    /// Tokens that are not in the text.
    private var hiddenTokens = 0

    init(_ route: Route, keepsText: Bool) {
        self.route = route
        if route != .chat, route != .completions {
            obstacle = .route
        } else if !keepsText {
            obstacle = .off
        }
    }

    /// Tokens sent: as an engine counted them, and one for each event since.
    package var outputTokens: Int {
        guard let usage, usage.output > 0 else { return events }
        return usage.output &+ eventsSinceUsage
    }

    /// Those of them that are in the text; reasoning is not.
    package var textTokens: Int { max(0, outputTokens &- hiddenTokens) }

    /// Tokens of the client's own prompt, once an engine has said so.
    package var promptTokens: Int? { usage.flatMap { $0.input > 0 ? $0.input : nil } }

    /// Whether it can be continued. Reads the whole text: ask at a seam, not at each event.
    package var fitness: Fitness {
        if let obstacle { return .unfit(obstacle) }
        if isReasoning { return .unfit(.reasoning) }
        guard let words else { return .unfit(.brokenText) }
        return Self.isThinking(words) ? .unfit(.reasoning) : .plain
    }

    /// The text decoded; nil when it is no text, such as half of a surrogate pair.
    package var words: String? {
        let quoted = [ASCII.quote] + text + [ASCII.quote]
        let bytes = quoted.span
        var scanner = JSONScanner()
        guard let inside = try? scanner.string(bytes), scanner.index == bytes.count,
            (try? UTF8Span(validating: bytes)) != nil
        else { return nil }
        return JSONText.decode(inside, in: bytes)
    }

    /// Whether reasoning is open that comes as part of the text, from an engine without a parser for it.
    private static func isThinking(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("[THINK]", "[/THINK]")].contains {
            open, close in
            guard let begin = bytes.lastPlace(of: open) else { return false }
            return (bytes.lastPlace(of: close) ?? -1) < begin
        }
    }
}

/// What the watch and the splicer write into it.
extension StreamTranscript {
    mutating func takeText(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        events &+= 1
        eventsSinceUsage &+= 1
        isReasoning = false
        guard obstacle == nil else { return }
        guard text.count &+ range.count <= Self.maxText else { return block(.tooLong) }
        bytes.extracting(range).withUnsafeBufferPointer { text.append(contentsOf: $0) }
    }

    /// A token that is not part of the text.
    mutating func takeHidden(isReasoning: Bool) {
        events &+= 1
        eventsSinceUsage &+= 1
        hiddenTokens &+= 1
        self.isReasoning = isReasoning
    }

    mutating func takeUsage(_ counts: TokenUsage) {
        usage = counts
        eventsSinceUsage = 0
        if finishReason != nil { hasFinalUsage = true }
    }

    mutating func takeRole() { hasRole = true }
    mutating func takeFinish(_ reason: String) { finishReason = reason }
    mutating func takeDone() { isDone = true }

    /// The first chunk that has them decides what the whole stream is called.
    mutating func takeMarks(_ facts: ChunkFacts, _ bytes: borrowing Span<UInt8>) {
        func take(_ mark: inout [UInt8], _ range: Range<Int>?) {
            guard mark.isEmpty, let range, range.count <= Self.maxMark else { return }
            mark = bytes.array(range)
        }
        take(&id, facts.id)
        take(&created, facts.created)
        take(&model, facts.model)
    }

    /// It can never be continued; the text is not needed any more.
    mutating func block(_ reason: ContinuationObstacle) {
        if obstacle == nil { obstacle = reason }
        text = []
    }
}

extension [UInt8] {
    /// Where `word` begins for the last time.
    fileprivate func lastPlace(of word: String) -> Int? {
        let word = Array(word.utf8)
        var start = count - word.count
        while start >= 0 {
            if self[start] == word.first, self[start..<start + word.count].elementsEqual(word) { return start }
            start -= 1
        }
        return nil
    }
}
