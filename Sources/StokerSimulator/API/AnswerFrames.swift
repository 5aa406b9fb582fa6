import NIOCore

/// The bytes of one answer, as events of a stream or as one JSON object.
///
/// All that does not change from token to token is made once.
struct AnswerFrames {
    private let kind: CompletionKind
    private let promptTokens: Int
    /// `"id":…` to `"system_fingerprint":…`, of a chunk and of a whole answer.
    private let chunkHead: String
    private let wholeHead: String
    private let tokenStart: String

    init(_ asked: AskedAnswer, id: UInt64, created: Int64) {
        kind = asked.kind
        promptTokens = asked.promptTokens
        let prefix = kind == .chat ? "chatcmpl" : "cmpl"
        func head(_ object: String) -> String {
            #"{"id":"\#(prefix)-sim-\#(created)-\#(id)","object":"\#(object)","created":\#(created),"#
                + #""model":\#(JSONText.quoted(asked.model)),"system_fingerprint":"stoker-simulator","choices":["#
        }
        chunkHead = "data: " + head(kind == .chat ? "chat.completion.chunk" : "text_completion")
        wholeHead = head(kind == .chat ? "chat.completion" : "text_completion")
        tokenStart = chunkHead + (kind == .chat ? #"{"index":0,"delta":{"content":""# : #"{"index":0,"text":""#)
    }

    /// What comes before the first token: the role, in a chat.
    func writeOpening(to buffer: inout ByteBuffer) {
        guard kind == .chat else { return }
        buffer.writeString(chunkHead)
        buffer.writeStaticString(
            #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#)
        buffer.writeStaticString("\n\n")
    }

    /// One token; the last one carries the reason of the end, as vLLM's does.
    func writeToken(_ token: String, finish: SimulatedAnswer.Finish?, to buffer: inout ByteBuffer) {
        buffer.writeString(tokenStart)
        JSONText.writeEscaped(token, to: &buffer)
        buffer.writeStaticString(
            kind == .chat ? #""},"logprobs":null,"finish_reason":"# : #"","logprobs":null,"finish_reason":"#)
        buffer.writeString(finish.map { "\"\($0.rawValue)\"" } ?? "null")
        buffer.writeStaticString("}]}\n\n")
    }

    /// The counts, if wanted, and the end mark.
    func writeClosing(tokens: Int, includesUsage: Bool, to buffer: inout ByteBuffer) {
        if includesUsage { buffer.writeString(chunkHead + "],\(usage(tokens))}\n\n") }
        buffer.writeStaticString("data: [DONE]\n\n")
    }

    /// The whole answer in one object.
    func writeWhole(_ text: String, tokens: Int, finish: SimulatedAnswer.Finish, to buffer: inout ByteBuffer) {
        buffer.writeString(wholeHead)
        buffer.writeStaticString(
            kind == .chat ? #"{"index":0,"message":{"role":"assistant","content":""# : #"{"index":0,"text":""#)
        JSONText.writeEscaped(text, to: &buffer)
        buffer.writeString(
            (kind == .chat ? "\"}" : "\"") + #","logprobs":null,"finish_reason":"\#(finish.rawValue)"}],"#)
        buffer.writeString(usage(tokens) + "}")
    }

    private func usage(_ tokens: Int) -> String {
        let total = promptTokens + tokens
        return #""usage":{"prompt_tokens":\#(promptTokens),"total_tokens":\#(total),"completion_tokens":\#(tokens)}"#
    }
}
