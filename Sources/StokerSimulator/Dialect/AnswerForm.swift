import StokerCore
import StokerWire

/// The texts of one answer, made once: what differs from token to token is the token.
///
/// An event is head, escaped token and tail, with neither the last brace (a stamp may come before it) nor the empty
/// line after it.
struct AnswerForm {
    let kind: AnswerKind
    /// The role, before the first token of a chat; empty where there is none.
    let opening: [UInt8]
    let tokenHead: [UInt8]
    let reasoningHead: [UInt8]
    let tail: [UInt8]
    /// Of the last token: vLLM says there why it is the last.
    let lastTail: [UInt8]

    private let common: String
    private let wholeCommon: String
    private let finish: SimulatedAnswer.Finish
    private let promptTokens: Int
    private let tokens: Int
    private let reasoningTokens: Int
    private let includesUsage: Bool
    private let endsWithLastToken: Bool

    /// Times that Ollama's last line tells, in nanoseconds.
    struct Times {
        var first: Int64 = 0
        var total: Int64 = 0
    }

    init(_ asked: AskedAnswer, model: String, dialect: SimulatorDialect, id: UInt64, created: Int64) {
        kind = asked.kind
        finish = asked.script.finish
        promptTokens = asked.promptTokens
        tokens = asked.script.count
        reasoningTokens = asked.script.reasoningCount
        includesUsage = asked.includesUsage
        endsWithLastToken = dialect.endsWithLastToken && !kind.isOllama
        let model = JSONText.encode(model)
        switch kind {
        case .chat, .text:
            let prefix = kind == .chat ? "chatcmpl" : "cmpl"
            func head(_ object: String) -> String {
                #"{"id":"\#(prefix)-sim-\#(created)-\#(id)","object":"\#(object)","created":\#(created),"#
                    + #""model":\#(model),"system_fingerprint":"stoker-simulator","choices":["#
            }
            common = "data: " + head(kind == .chat ? "chat.completion.chunk" : "text_completion")
            wholeCommon = head(kind == .chat ? "chat.completion" : "text_completion")
        case .llama:
            common = #"data: {"index":0,"#
            wholeCommon = #"{"index":0,"#
        case .generate, .ollamaChat:
            common = #"{"model":\#(model),"created_at":"\#(WallClock.text(of: created))","#
            wholeCommon = common
        }
        let pieces = Pieces(kind, finish: finish, endsWithLastToken: endsWithLastToken)
        opening = Array((kind == .chat && dialect != .ollama ? common + Pieces.role : "").utf8)
        tokenHead = Array((common + pieces.token).utf8)
        reasoningHead = Array((common + pieces.reasoning).utf8)
        tail = Array(pieces.tail.utf8)
        lastTail = Array(pieces.lastTail.utf8)
    }

    /// Events after the last token: the reason of the end where it has one of its own, and the counts.
    func endings(_ times: Times) -> [[UInt8]] {
        var events: [String] = []
        switch kind {
        case .chat where !endsWithLastToken:
            events.append(common + #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"\#(finish.rawValue)"}]"#)
        case .text where !endsWithLastToken:
            events.append(common + #"{"index":0,"text":"","logprobs":null,"finish_reason":"\#(finish.rawValue)"}]"#)
        case .chat, .text: break
        case .llama: events.append("\(common)\"content\":\"\",\(llamaEnd)")
        case .generate: events.append("\(common)\"response\":\"\",\(ollamaEnd(times))")
        case .ollamaChat:
            events.append(common + #""message":{"role":"assistant","content":""},"# + ollamaEnd(times))
        }
        if includesUsage, kind == .chat || kind == .text { events.append("\(common)],\(usage)") }
        return events.map { Array($0.utf8) }
    }

    /// What ends a stream after its last event.
    var endMark: StaticString { kind == .chat || kind == .text ? "data: [DONE]\n\n" : "" }

    /// The whole answer in one object.
    func whole(_ text: String, reasoning: String, times: Times, hasFinish: Bool = true) -> String {
        let said = JSONText.encode(text)
        let thought = JSONText.encode(reasoning)
        let finish = hasFinish ? "\"\(self.finish.rawValue)\"" : "null"
        let end = #","logprobs":null,"finish_reason":\#(finish)}]"# + (includesUsage ? ",\(usage)}" : "}")
        switch kind {
        case .chat:
            let extra = reasoning.isEmpty ? "" : ",\"reasoning_content\":\(thought)"
            return wholeCommon + #"{"index":0,"message":{"role":"assistant","content":\#(said)\#(extra)}"# + end
        case .text: return wholeCommon + #"{"index":0,"text":\#(said)"# + end
        case .llama: return "\(wholeCommon)\"content\":\(said),\(llamaEnd)}"
        case .generate: return "\(wholeCommon)\"response\":\(said),\(ollamaEnd(times))}"
        case .ollamaChat:
            let extra = reasoning.isEmpty ? "" : ",\"thinking\":\(thought)"
            return wholeCommon + #""message":{"role":"assistant","content":\#(said)\#(extra)},"# + ollamaEnd(times)
                + "}"
        }
    }

    private var usage: String {
        let details =
            reasoningTokens == 0 ? "" : #","completion_tokens_details":{"reasoning_tokens":\#(reasoningTokens)}"#
        return #""usage":{"prompt_tokens":\#(promptTokens),"total_tokens":\#(promptTokens + tokens),"#
            + #""completion_tokens":\#(tokens)\#(details)}"#
    }

    private var llamaEnd: String {
        #""tokens":[],"stop":true,"id_slot":0,"tokens_predicted":\#(tokens),"tokens_evaluated":\#(promptTokens),"#
            + #""stop_type":"\#(finish == .stop ? "eos" : "limit")","stopping_word":"","truncated":false"#
    }

    private func ollamaEnd(_ times: Times) -> String {
        #""done":true,"done_reason":"\#(finish.rawValue)","total_duration":\#(times.total),"load_duration":0,"#
            + #""prompt_eval_count":\#(promptTokens),"prompt_eval_duration":\#(times.first),"#
            + #""eval_count":\#(tokens),"eval_duration":\#(max(0, times.total - times.first))"#
    }
}

/// What stands around a token, by the kind of answer.
private struct Pieces {
    static let role = #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]"#

    var token: String
    var reasoning: String
    var tail: String
    var lastTail: String

    init(_ kind: AnswerKind, finish: SimulatedAnswer.Finish, endsWithLastToken: Bool) {
        switch kind {
        case .chat:
            token = #"{"index":0,"delta":{"content":""#
            reasoning = #"{"index":0,"delta":{"reasoning_content":""#
            tail = #""},"logprobs":null,"finish_reason":null}]"#
        case .text:
            token = #"{"index":0,"text":""#
            reasoning = token
            tail = #"","logprobs":null,"finish_reason":null}]"#
        case .llama:
            token = #""content":""#
            reasoning = token
            tail = #"","tokens":[],"stop":false,"id_slot":0"#
        case .generate:
            token = #""response":""#
            reasoning = #""response":"","thinking":""#
            tail = #"","done":false"#
        case .ollamaChat:
            token = #""message":{"role":"assistant","content":""#
            reasoning = #""message":{"role":"assistant","content":"","thinking":""#
            tail = #""},"done":false"#
        }
        lastTail = endsWithLastToken ? tail.replacing("null}]", with: "\"\(finish.rawValue)\"}]") : tail
    }
}
