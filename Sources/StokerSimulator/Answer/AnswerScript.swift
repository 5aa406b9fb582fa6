/// All tokens of an answer in order: first the reasoning, if the engine reasons, then the answer itself.
package struct AnswerScript: Sequence, IteratorProtocol {
    /// One token.
    package struct Token: Sendable, Equatable {
        package var text: String
        package var isReasoning: Bool
    }

    private var reasoning: SimulatedAnswer
    private var answer: SimulatedAnswer
    package let count: Int
    package let reasoningCount: Int
    package var finish: SimulatedAnswer.Finish { answer.finish }

    /// - Parameters:
    ///   - reasoningTokens: Counted against `maxTokens`; none when the answer goes on with a text of its own.
    package init(context: String, text: String, bounds: SimulatedAnswer.Bounds, reasoningTokens: Int = 0) {
        let most = bounds.maxTokens ?? .max
        reasoning = SimulatedAnswer(
            context: context + "\u{1E}", text: "", bounds: .init(length: reasoningTokens, maxTokens: most))
        var rest = bounds
        if bounds.maxTokens != nil { rest.maxTokens = most - reasoning.count }
        answer = SimulatedAnswer(context: context, text: text, bounds: rest)
        reasoningCount = reasoning.count
        count = reasoning.count + answer.count
    }

    package mutating func next() -> Token? {
        if let text = reasoning.next() { return Token(text: text, isReasoning: true) }
        return answer.next().map { Token(text: $0, isReasoning: false) }
    }
}
