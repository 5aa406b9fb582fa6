internal import StokerWire

/// The body of a request to an OpenAI endpoint: all that is the same in each is written once.
struct BodyTemplate: Sendable {
    /// From `{` to before the messages.
    private let opening: [UInt8]
    private let asksMessages: Bool
    private let asksTokens: Bool
    let isChat: Bool

    init(_ workload: WorkloadPlan, _ target: LoadTarget) throws(LoadError) {
        let extra: ExtraBody
        do {
            extra = try ExtraBody(workload.extraBody ?? "{}")
        } catch {
            throw LoadError("the extra body is no JSON object, such as {\"top_p\": 0.9}")
        }
        isChat = target.endpoint == .chat
        asksMessages = !extra.has(isChat ? "messages" : "prompt")
        asksTokens = !extra.has("max_tokens")
        var members = Self.members(workload, target).filter { !extra.has($0.0) }.map { "\(JSONText.encode($0)):\($1)" }
        members += extra.members.map { "\(JSONText.encode($0.name)):\(String(decoding: $0.value, as: UTF8.self))" }
        opening = Array(("{" + members.joined(separator: ",")).utf8)
    }

    /// The first is always there, or its replacement: whatever follows may begin with a comma.
    private static func members(_ workload: WorkloadPlan, _ target: LoadTarget) -> [(String, String)] {
        var members = [("model", JSONText.encode(target.model)), ("stream", "\(target.isStreamed)")]
        if target.isStreamed { members.append(("stream_options", "{\"include_usage\":true}")) }
        if let temperature = workload.temperature, temperature.isFinite {
            let isWhole = temperature == temperature.rounded() && abs(temperature) < 1e6
            members.append(("temperature", isWhole ? "\(Int(temperature))" : "\(temperature)"))
        }
        if workload.ignoresEnd { members.append(("ignore_eos", "true")) }
        return members
    }

    /// One body.
    func body(_ transcript: Transcript, maxTokens: Int?) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(opening.count + transcript.bytes.count + 48)
        body.append(contentsOf: opening)
        if asksMessages {
            body.append(contentsOf: isChat ? Self.messages : Self.prompt)
            body.append(contentsOf: transcript.bytes)
            body.append(isChat ? ASCII.bracketClose : ASCII.quote)
        }
        if asksTokens, let maxTokens {
            body.append(contentsOf: Self.maxTokens)
            body.append(contentsOf: String(maxTokens).utf8)
        }
        body.append(ASCII.braceClose)
        return body
    }

    private static let messages = Array(",\"messages\":[".utf8)
    private static let prompt = Array(",\"prompt\":\"".utf8)
    private static let maxTokens = Array(",\"max_tokens\":".utf8)
}

/// What was said so far: the inside of a chat's `messages`, or of a completion's `prompt`.
struct Transcript {
    enum Role: String {
        case system, user, assistant
    }

    let isChat: Bool
    var bytes: [UInt8] = []

    init(isChat: Bool, capacity: Int = 0) {
        self.isChat = isChat
        bytes.reserveCapacity(capacity)
    }

    /// Adds one message, whose text is appended, already escaped, by `write`.
    mutating func say(_ role: Role, _ write: (inout [UInt8]) -> Void) {
        if isChat {
            bytes.append(contentsOf: (bytes.isEmpty ? Self.first : Self.later)[role] ?? [])
            write(&bytes)
            bytes.append(ASCII.quote)
            bytes.append(ASCII.braceClose)
        } else {
            if !bytes.isEmpty { bytes.append(contentsOf: [ASCII.backslash, 0x6E]) }
            write(&bytes)
        }
    }

    private static let first = openings(before: "")
    private static let later = openings(before: ",")

    private static func openings(before: String) -> [Role: [UInt8]] {
        var openings: [Role: [UInt8]] = [:]
        for role in [Role.system, .user, .assistant] {
            openings[role] = Array("\(before){\"role\":\"\(role)\",\"content\":\"".utf8)
        }
        return openings
    }
}
