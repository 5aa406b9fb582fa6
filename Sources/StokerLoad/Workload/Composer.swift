internal import StokerCore

/// Writes one session: its transcript grows turn by turn, and each turn's body is a copy of it.
struct Composer {
    let pool: WordPool
    let template: BodyTemplate
    let seed: UInt64
    /// What the session begins with so that no cache knows it; nil: nothing.
    let nonce: UInt64?
    let outputTokens: LengthDistribution?
    var generator: SeededGenerator

    /// A session of made-up words.
    mutating func session(_ prompts: SyntheticPrompts) -> Session {
        var turns: [Turn] = []
        var transcript = Transcript(isChat: template.isChat)
        var tokens = 0
        let count = prompts.turns.draw(using: &generator)
        for index in 0..<count {
            var length = prompts.inputTokens.draw(using: &generator)
            if index == 0, nonce != nil { length = max(length, WordPool.ownWords) }
            let prefix = index == 0 ? drawPrefix(prompts.sharedPrefix) : nil
            if index == 0 { transcript.bytes.reserveCapacity((length + (prefix?.tokens ?? 0)) * 6 + 64) }
            let own = (index == 0 ? nonce : nil) ?? generator.next()
            transcript.say(.user) { text in
                if let prefix { appendShared(prefix.tokens, .sharedPrefix, prefix.index, to: &text) }
                pool.append(length, own: own, using: &generator, to: &text)
            }
            tokens += length + (prefix?.tokens ?? 0)
            let answer = (outputTokens ?? prompts.outputTokens).draw(using: &generator)
            turns.append(
                Turn(
                    body: template.body(transcript, maxTokens: answer), inputTokens: tokens, outputTokens: answer))
            if index + 1 < count {
                transcript.say(.assistant) { appendWords(answer, to: &$0) }
                tokens += answer
            }
        }
        return Session(turns: turns)
    }

    /// A session after a recording.
    mutating func session(_ conversation: Conversation) -> Session {
        var turns: [Turn] = []
        var transcript = Transcript(isChat: template.isChat)
        // Where blocks say what is shared, a nonce before them would undo it.
        var opening = conversation.exchanges.first?.prompt.isBlocks == true ? nil : nonce
        if let system = conversation.system {
            transcript.say(.system) { append(system, after: &opening, to: &$0) }
        }
        let nonceTokens = opening == nil && nonce == nil ? 0 : WordPool.ownWords
        for exchange in conversation.exchanges {
            transcript.say(.user) { append(exchange.prompt, after: &opening, to: &$0) }
            let answer = outputTokens?.draw(using: &generator) ?? exchange.outputTokens
            let isBlocks = exchange.prompt.isBlocks
            turns.append(
                Turn(
                    body: template.body(transcript, maxTokens: answer),
                    inputTokens: exchange.inputTokens.map { isBlocks ? $0 : $0 + nonceTokens }, outputTokens: answer,
                    pause: exchange.pause))
            guard turns.count < conversation.exchanges.count else { break }
            if let reply = exchange.reply {
                transcript.say(.assistant) { JSONBytes.append(reply, to: &$0) }
            } else if case .text = exchange.prompt {
                continue
            } else {
                transcript.say(.assistant) { appendWords(answer ?? 1, to: &$0) }
            }
        }
        return Session(turns: turns)
    }

    private mutating func append(_ text: String, after opening: inout UInt64?, to bytes: inout [UInt8]) {
        if let nonce = opening {
            WordPool.spell(nonce, to: &bytes)
            bytes.append(0x20)
            opening = nil
        }
        JSONBytes.append(text, to: &bytes)
    }

    private mutating func append(
        _ prompt: Conversation.Prompt, after opening: inout UInt64?, to bytes: inout [UInt8]
    ) {
        switch prompt {
        case .text(let text): append(text, after: &opening, to: &bytes)
        case .words(let count):
            let own = opening ?? generator.next()
            pool.append(
                opening == nil ? count : max(count, WordPool.ownWords), own: own, using: &generator, to: &bytes)
            opening = nil
        case .blocks(let ids, let tokens): appendBlocks(ids, tokens, to: &bytes)
        }
    }

    private mutating func appendBlocks(_ ids: [Int64], _ tokens: Int, to bytes: inout [UInt8]) {
        var rest = tokens
        for id in ids where rest > 0 {
            let length = min(rest, Conversation.blockTokens)
            appendShared(length, .block, Int(id), to: &bytes)
            rest -= length
        }
        if rest > 0 { appendWords(rest, to: &bytes) }
    }

    private mutating func appendWords(_ count: Int, to bytes: inout [UInt8]) {
        pool.append(count, own: generator.next(), using: &generator, to: &bytes)
    }

    /// Text that is the same wherever its number is.
    private func appendShared(_ count: Int, _ stream: RandomStream, _ number: Int, to bytes: inout [UInt8]) {
        var shared = SeededGenerator(seed: seed, stream, number)
        pool.append(count, own: shared.next(), using: &shared, to: &bytes)
    }

    private mutating func drawPrefix(_ plan: SyntheticPrompts.SharedPrefix?) -> (index: Int, tokens: Int)? {
        guard let plan, plan.tokens > 0, generator.chance(plan.share) else { return nil }
        return (Int.random(in: 0..<max(1, plan.count), using: &generator), plan.tokens)
    }
}

extension Conversation.Prompt {
    var isBlocks: Bool {
        if case .blocks = self { true } else { false }
    }
}
