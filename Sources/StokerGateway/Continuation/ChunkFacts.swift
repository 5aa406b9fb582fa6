import StokerWire

/// What one chunk of an OpenAI stream says, found strictly: what is not known to be harmless stands in the way of a
/// continuation. All ranges are places in the payload.
struct ChunkFacts {
    /// A count and where it stands.
    struct Count {
        var value: Int
        var place: Range<Int>
    }

    /// The counts of a `usage` object.
    struct Usage {
        var input: Count?
        var output: Count?
        var total: Count?
        var cached: Count?

        var tokens: TokenUsage? {
            input.map { TokenUsage(input: $0.value, output: output?.value ?? 0) }
        }
    }

    /// Whole values, quotes included.
    private(set) var id: Range<Int>?
    private(set) var created: Range<Int>?
    private(set) var model: Range<Int>?
    /// Insides of strings, as the engine escaped them; nil when there are none or they are empty.
    private(set) var text: Range<Int>?
    private(set) var reasoning: Range<Int>?
    private(set) var finish: Range<Int>?
    /// What to take out, comma included, so that the role goes.
    private(set) var role: Range<Int>?
    private(set) var usage: Usage?
    /// Whole numbers at the root, which engines stamp their chunks with.
    private(set) var stamps: [Range<Int>] = []
    private(set) var hasChoice = false
    private(set) var isError = false
    private(set) var obstacle: ContinuationObstacle?

    private let isChat: Bool

    /// Reads a payload that is not the end mark.
    init(_ bytes: borrowing Span<UInt8>, route: Route) {
        isChat = route == .chat
        do throws(JSONScanner.Fault) {
            try readRoot(bytes)
        } catch {
            block(.notJSON)
        }
    }

    /// The first that was found is told.
    private mutating func block(_ reason: ContinuationObstacle) { obstacle = obstacle ?? reason }

    private mutating func readRoot(_ bytes: borrowing Span<UInt8>) throws(JSONScanner.Fault) {
        guard var members = JSONItems(ofObject: bytes) else {
            block(.unknownShape)
            return
        }
        var hasChoices = false
        while let member = try members.next(bytes) {
            let value = member.value
            switch member.key.count {
            case 2 where bytes.equals("id", in: member.key): id = value
            case 7 where bytes.equals("created", in: member.key):
                created = value
                if bytes.isWhole(value) { stamps.append(value) }
            case 5 where bytes.equals("model", in: member.key): model = value
            case 5 where bytes.equals("error", in: member.key): isError = isError || !bytes.isNull(value)
            // `{"object":"error", …}`: SGLang, and vLLM before its 0.10.
            case 6 where bytes.equals("object", in: member.key):
                isError = isError || bytes.equals("\"error\"", in: value)
            case 5 where bytes.equals("usage", in: member.key): try readUsage(bytes, value)
            case 7 where bytes.equals("choices", in: member.key):
                if hasChoices { block(.unknownShape) }
                hasChoices = true
                try readChoices(bytes, value)
            // Engines add facts about the answer here, never the answer.
            default:
                if bytes.isWhole(value) { stamps.append(value) }
            }
        }
        if !members.endsText(bytes) { block(.notJSON) }
        if !hasChoices { block(.unknownShape) }
    }

    private mutating func readChoices(
        _ bytes: borrowing Span<UInt8>, _ value: Range<Int>
    ) throws(JSONScanner.Fault) {
        guard bytes[value.lowerBound] == ASCII.bracketOpen, var choices = JSONItems(at: value.lowerBound, bytes) else {
            block(.unknownShape)
            return
        }
        while let choice = try choices.next(bytes) {
            if hasChoice { block(.choices) }
            hasChoice = true
            guard bytes[choice.value.lowerBound] == ASCII.braceOpen,
                var members = JSONItems(at: choice.value.lowerBound, bytes)
            else {
                block(.unknownShape)
                continue
            }
            while let member = try members.next(bytes) { try readChoice(bytes, member) }
        }
    }

    private mutating func readChoice(
        _ bytes: borrowing Span<UInt8>, _ member: JSONItems.Item
    ) throws(JSONScanner.Fault) {
        let value = member.value
        func named(_ name: StaticString) -> Bool { bytes.equals(name, in: member.key) }
        switch member.key.count {
        case 5 where named("index"):
            if bytes.integer(value) != 0 { block(.choices) }
        case 4 where named("text") && !isChat: takeText(bytes, value)
        case 5 where named("delta") && isChat: try readDelta(bytes, value)
        case 13 where named("finish_reason"):
            finish = bytes.inside(value)
            // vLLM and SGLang end so what they were made to give up, for instance by their own shutdown.
            isError = isError || bytes.equals("\"abort\"", in: value) || bytes.equals("\"error\"", in: value)
        case 8 where named("logprobs"), 15 where named("prompt_logprobs"):
            if !bytes.isHarmless(value) { block(.logprobs) }
        // Why it stopped (vLLM, SGLang), and the ids of what is in the text anyway (vLLM).
        case 11 where named("stop_reason"), 12 where named("matched_stop"), 9 where named("token_ids"),
            16 where named("prompt_token_ids"):
            break
        default:
            if !bytes.isHarmless(value) { block(.unknownShape) }
        }
    }

    private mutating func readDelta(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) throws(JSONScanner.Fault) {
        guard bytes[value.lowerBound] == ASCII.braceOpen, var members = JSONItems(at: value.lowerBound, bytes) else {
            if !bytes.isNull(value) { block(.unknownShape) }
            return
        }
        var before = value.lowerBound &+ 1
        var endsRole = false
        while let member = try members.next(bytes) {
            let start = member.key.lowerBound &- 1
            if endsRole, let begin = role?.lowerBound {
                role = begin..<start
                endsRole = false
            }
            if bytes.equals("role", in: member.key), !bytes.isNull(member.value) {
                // With the comma before it, until a member after it shows that it is the one after it that must go.
                endsRole = before == value.lowerBound &+ 1
                role = (endsRole ? start : before)..<member.value.upperBound
            } else {
                readDelta(bytes, member)
            }
            before = member.value.upperBound
        }
    }

    private mutating func readDelta(_ bytes: borrowing Span<UInt8>, _ member: JSONItems.Item) {
        let value = member.value
        func named(_ name: StaticString) -> Bool { bytes.equals(name, in: member.key) }
        switch member.key.count {
        case 7 where named("content"): takeText(bytes, value)
        // DeepSeek's and vLLM's name, and others'.
        case 17 where named("reasoning_content"), 9 where named("reasoning"), 8 where named("thinking"):
            if bytes.isHarmless(value) { break }
            if let inside = bytes.inside(value) {
                // vLLM sends it under both names.
                reasoning = reasoning ?? inside
            } else {
                block(.unknownShape)
            }
        case 10 where named("tool_calls"), 13 where named("function_call"):
            if !bytes.isHarmless(value) { block(.toolCall) }
        case 7 where named("refusal"):
            if !bytes.isHarmless(value) { block(.refusal) }
        default:
            if !bytes.isHarmless(value) { block(.unknownShape) }
        }
    }

    private mutating func takeText(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) {
        if bytes.isNull(value) { return }
        guard let inside = bytes.inside(value), text == nil else {
            block(.unknownShape)
            return
        }
        if !inside.isEmpty { text = inside }
    }

    private mutating func readUsage(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) throws(JSONScanner.Fault) {
        guard bytes[value.lowerBound] == ASCII.braceOpen, var members = JSONItems(at: value.lowerBound, bytes) else {
            return
        }
        var usage = Usage()
        while let member = try members.next(bytes) {
            func named(_ name: StaticString) -> Bool { bytes.equals(name, in: member.key) }
            let count = bytes.integer(member.value).map { Count(value: max(0, $0), place: member.value) }
            switch member.key.count {
            case 13 where named("prompt_tokens"): usage.input = count
            case 17 where named("completion_tokens"): usage.output = count
            case 12 where named("total_tokens"): usage.total = count
            case 21 where named("prompt_tokens_details"): usage.cached = try readCached(bytes, member.value)
            default: break
            }
        }
        self.usage = usage
    }

    private func readCached(
        _ bytes: borrowing Span<UInt8>, _ value: Range<Int>
    ) throws(JSONScanner.Fault) -> Count? {
        guard var members = JSONItems(at: value.lowerBound, bytes) else { return nil }
        while let member = try members.next(bytes) {
            if bytes.equals("cached_tokens", in: member.key), let number = bytes.integer(member.value) {
                return Count(value: number, place: member.value)
            }
        }
        return nil
    }
}
