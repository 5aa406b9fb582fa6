/// Why a stream that broke off cannot go on at another backend.
package enum ContinuationObstacle: String, Sendable, CaseIterable, Error {
    // Of the request.
    case off
    case route
    case dialect
    case notJSON = "not_json"
    case doubledKey = "doubled_key"
    case prompt
    case messages
    case lastMessage = "last_message"
    case limit
    case stop
    case tools
    case structured
    case logprobs
    case choices
    case echo
    case suffix
    case modality

    // Of the answer so far, or of what follows the seam.
    case toolCall = "tool_call"
    case reasoning
    case refusal
    case unknownShape = "unknown_shape"
    case tooLong = "too_long"
    case brokenText = "broken_text"

    /// What stands in the way, to follow `it cannot be continued: `.
    package var text: String {
        switch self {
        case .off: "continuation is switched off"
        case .route: "only completions and chats are continued"
        case .dialect: "the engine knows no way to go on with another's answer"
        case .notJSON: "it is not valid JSON"
        case .doubledKey: "the request has a key more than once"
        case .prompt: "the prompt is not one text"
        case .messages: "the request has no messages"
        case .lastMessage: "the last message cannot be extended"
        case .limit: "a limit of tokens is no whole number"
        case .stop: "the stop texts are too many, too long or no texts"
        case .tools: "the request has tools"
        case .structured: "the request binds the answer to a format"
        case .logprobs: "the request asks for log probabilities"
        case .choices: "the request asks for several answers"
        case .echo: "the request asks for an echo"
        case .suffix: "the request has a suffix"
        case .modality: "the request asks for more than text"
        case .toolCall: "a tool call has begun"
        case .reasoning: "it broke off in the middle of reasoning"
        case .refusal: "the answer is a refusal"
        case .unknownShape: "an event of unknown shape has come"
        case .tooLong: "the text so far is over \(StreamTranscript.maxText) bytes"
        case .brokenText: "it broke off in the middle of a character"
        }
    }
}
