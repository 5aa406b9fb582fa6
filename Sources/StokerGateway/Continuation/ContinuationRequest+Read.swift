import StokerWire

extension ContinuationRequest {
    /// Reads a body; fails when the request itself stands in the way of a continuation.
    ///
    /// - Parameter body: as it goes to the backends; it has passed `RequestEnvelope.read`.
    package static func read(
        _ body: borrowing Span<UInt8>, route: Route
    ) throws(ContinuationObstacle) -> ContinuationRequest {
        guard route == .chat || route == .completions else { throw .route }
        var reader = Reader(route)
        do throws(JSONScanner.Fault) {
            try reader.run(body)
        } catch {
            throw .notJSON
        }
        if let obstacle = reader.obstacle { throw obstacle }
        if route == .completions, reader.request.prompt == nil { throw .prompt }
        if route == .chat, reader.request.messages == nil { throw .messages }
        return reader.request
    }
}

/// The keys that mean something here; what is not among them stays as it is.
private enum Key: String {
    case prompt, messages, stop, n, echo, suffix, tools, functions, logprobs, grammar, regex, ebnf, audio, modalities
    case streamOptions = "stream_options"
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    case predict = "n_predict"
    case minTokens = "min_tokens"
    case continueFinal = "continue_final_message"
    case addGeneration = "add_generation_prompt"
    case includeStop = "include_stop_str_in_output"
    case noStopTrim = "no_stop_trim"
    case stopRegex = "stop_regex"
    case bestOf = "best_of"
    case beamSearch = "use_beam_search"
    case toolChoice = "tool_choice"
    case functionCall = "function_call"
    case topLogprobs = "top_logprobs"
    case promptLogprobs = "prompt_logprobs"
    case probabilities = "n_probs"
    case responseFormat = "response_format"
    case structuredOutputs = "structured_outputs"
    case structuralTag = "structural_tag"
    case schema = "json_schema"
    case embeddings = "prompt_embeds"

    /// The longest of them: longer keys are not decoded.
    static let longest = 32
}

/// One pass over the members of the body.
private struct Reader {
    var request: ContinuationRequest
    private(set) var obstacle: ContinuationObstacle?
    private var seen: Set<Key> = []

    init(_ route: Route) { request = ContinuationRequest(route: route) }

    mutating func run(_ bytes: borrowing Span<UInt8>) throws(JSONScanner.Fault) {
        guard var members = JSONItems(ofObject: bytes) else { throw .unexpected(at: 0) }
        while let member = try members.next(bytes) {
            // In as many escapes as it likes, it is the same key to an engine.
            guard member.key.count <= Key.longest * 6, let name = JSONText.decode(member.key, in: bytes) else {
                continue
            }
            if name.hasPrefix("guided_"), !bytes.isHarmless(member.value) { block(.structured) }
            guard let key = Key(rawValue: name) else { continue }
            if !seen.insert(key).inserted { block(.doubledKey) }
            try take(key, member.value, bytes)
        }
        guard members.endsText(bytes) else { throw .unexpected(at: members.end) }
        request.end = members.end &- 1
    }

    private mutating func block(_ reason: ContinuationObstacle) { obstacle = obstacle ?? reason }

    private mutating func take(
        _ key: Key, _ value: Range<Int>, _ bytes: borrowing Span<UInt8>
    ) throws(JSONScanner.Fault) {
        switch key {
        case .prompt where request.route == .completions: request.prompt = bytes.inside(value)
        case .messages where request.route == .chat: try takeMessages(value, bytes)
        case .prompt, .messages: break
        case .stop: try takeStops(value, bytes)
        case .streamOptions: try takeStreamOptions(value, bytes)
        case .maxTokens, .predict: takeLimit(.most, value, bytes)
        case .maxCompletionTokens: takeLimit(.mostOfAll, value, bytes)
        case .minTokens: takeLimit(.least, value, bytes)
        case .continueFinal:
            request.continueFinal = value
            request.continuesLast = bytes.isTrue(value)
        case .addGeneration: request.addGeneration = value
        case .includeStop, .noStopTrim: request.includesStop = request.includesStop || bytes.isTrue(value)
        default:
            if let reason = Self.objection(to: key, value, bytes) { block(reason) }
        }
    }

    /// What a value says against continuing.
    private static func objection(
        to key: Key, _ value: Range<Int>, _ bytes: borrowing Span<UInt8>
    ) -> ContinuationObstacle? {
        switch key {
        case .n, .bestOf: bytes.isNull(value) || bytes.integer(value) == 1 ? nil : .choices
        case .beamSearch: bytes.isTrue(value) ? .choices : nil
        case .echo: bytes.isTrue(value) ? .echo : nil
        case .suffix: bytes.isHarmless(value) ? nil : .suffix
        case .embeddings: bytes.isHarmless(value) ? nil : .prompt
        case .stopRegex: bytes.isHarmless(value) ? nil : .stop
        case .tools, .functions: bytes.isHarmless(value) ? nil : .tools
        case .toolChoice, .functionCall:
            bytes.isHarmless(value) || bytes.equals("\"none\"", in: value) || bytes.equals("\"auto\"", in: value)
                ? nil : .tools
        // `logprobs: 0` of a completion asks for those of the tokens themselves.
        case .logprobs, .promptLogprobs: bytes.isNull(value) || bytes.equals("false", in: value) ? nil : .logprobs
        case .topLogprobs, .probabilities: bytes.isNull(value) || bytes.integer(value) == 0 ? nil : .logprobs
        case .responseFormat: isText(value, bytes) ? nil : .structured
        case .structuredOutputs, .structuralTag, .schema, .grammar, .regex, .ebnf:
            bytes.isHarmless(value) ? nil : .structured
        case .audio: bytes.isHarmless(value) ? nil : .modality
        case .modalities: bytes.isHarmless(value) || !bytes.text(in: value).contains("audio") ? nil : .modality
        default: nil
        }
    }

    /// Null or `{"type":"text"}`.
    private static func isText(_ value: Range<Int>, _ bytes: borrowing Span<UInt8>) -> Bool {
        if bytes.isNull(value) { return true }
        guard var members = JSONItems(at: value.lowerBound, bytes), let first = try? members.next(bytes) else {
            return false
        }
        return bytes.equals("type", in: first.key) && bytes.equals("\"text\"", in: first.value)
            && (try? members.next(bytes)) == nil
    }

    private mutating func takeLimit(
        _ kind: ContinuationRequest.Limit.Kind, _ value: Range<Int>, _ bytes: borrowing Span<UInt8>
    ) {
        if bytes.isNull(value) { return }
        guard let number = bytes.integer(value) else { return block(.limit) }
        // -1 is no limit to llama.cpp, and 0 or less is for the engine to refuse.
        if number > 0 { request.limits.append(.init(kind: kind, value: number, place: value)) }
    }
}

extension Reader {
    /// More, or longer, than anybody has; what is watched for at a seam is bounded.
    private static let mostStops = 16
    private static let longestStop = 256

    private mutating func takeStops(
        _ value: Range<Int>, _ bytes: borrowing Span<UInt8>
    ) throws(JSONScanner.Fault) {
        if bytes.isNull(value) { return }
        guard bytes[value.lowerBound] == ASCII.bracketOpen, var items = JSONItems(at: value.lowerBound, bytes) else {
            return addStop(value, bytes)
        }
        while let item = try items.next(bytes) { addStop(item.value, bytes) }
    }

    private mutating func addStop(_ value: Range<Int>, _ bytes: borrowing Span<UInt8>) {
        guard let inside = bytes.inside(value), let text = JSONText.decode(inside, in: bytes),
            text.utf8.count <= Self.longestStop, request.stops.count < Self.mostStops
        else { return block(.stop) }
        if !text.isEmpty { request.stops.append(text) }
    }

    private mutating func takeStreamOptions(
        _ value: Range<Int>, _ bytes: borrowing Span<UInt8>
    ) throws(JSONScanner.Fault) {
        guard bytes[value.lowerBound] == ASCII.braceOpen, var members = JSONItems(at: value.lowerBound, bytes) else {
            return
        }
        while let member = try members.next(bytes) {
            if bytes.equals("include_usage", in: member.key) { request.includesUsage = bytes.isTrue(member.value) }
        }
    }

    private mutating func takeMessages(
        _ value: Range<Int>, _ bytes: borrowing Span<UInt8>
    ) throws(JSONScanner.Fault) {
        guard bytes[value.lowerBound] == ASCII.bracketOpen, var items = JSONItems(at: value.lowerBound, bytes) else {
            return
        }
        var last: Range<Int>?
        while let item = try items.next(bytes) { last = item.value }
        guard let last, bytes[last.lowerBound] == ASCII.braceOpen,
            var members = JSONItems(at: last.lowerBound, bytes)
        else { return }
        var messages = ContinuationRequest.Messages(end: value.upperBound &- 1, lastIsAssistant: false)
        while let member = try members.next(bytes) {
            if bytes.equals("role", in: member.key) {
                messages.lastIsAssistant = bytes.equals("\"assistant\"", in: member.value)
            } else if bytes.equals("content", in: member.key) {
                messages.lastContent = bytes.inside(member.value)
            }
        }
        request.messages = messages
    }
}
