/// Where prompts come from.
package enum Dataset: Sendable, Equatable {
    /// The same body for every request: plain HTTP tests, or one prompt again and again.
    case fixed([UInt8])
    /// Made up from a seed.
    case synthetic(SyntheticPrompts)
    /// Conversations that were recorded or written, taken in a seeded order, again from the start when used up.
    case conversations([Conversation])
    /// The requests of a trace: number k is sent at the trace's time k, and belongs to whoever offers arrival k.
    case trace([Conversation])
}

/// Prompts of wanted lengths, in words that most tokenizers give one token each.
package struct SyntheticPrompts: Sendable, Equatable {
    /// Tokens of each new user message.
    package var inputTokens: LengthDistribution
    /// `max_tokens` of each turn.
    package var outputTokens: LengthDistribution
    /// Turns of a session.
    package var turns: LengthDistribution
    /// A beginning that sessions share, so that a prefix cache has something to find; nil: none.
    package var sharedPrefix: SharedPrefix?

    /// A chosen share of sessions begins with one of `count` texts of `tokens` tokens each.
    package struct SharedPrefix: Sendable, Equatable {
        package var tokens: Int
        package var count: Int
        /// 0 to 1.
        package var share: Double

        package init(tokens: Int, count: Int = 1, share: Double = 1) {
            self.tokens = tokens
            self.count = count
            self.share = share
        }
    }

    package init(
        inputTokens: LengthDistribution, outputTokens: LengthDistribution, turns: LengthDistribution = .constant(1),
        sharedPrefix: SharedPrefix? = nil
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.turns = turns
        self.sharedPrefix = sharedPrefix
    }
}

/// A count of tokens or turns, drawn anew each time; never below 1.
package enum LengthDistribution: Sendable, Equatable {
    case constant(Int)
    case uniform(ClosedRange<Int>)
    case normal(mean: Double, deviation: Double)
    /// By its own mean and deviation, not those of its logarithm.
    case lognormal(mean: Double, deviation: Double)
}

/// A recorded conversation.
package struct Conversation: Sendable, Equatable {
    /// What the user says.
    package enum Prompt: Sendable, Equatable {
        case text(String)
        /// So many words, made up: the recording kept only a length.
        case words(Int)
        /// Text of `tokens` words in blocks of `Conversation.blockTokens`; equal ids are equal text, so that a prefix
        /// cache finds again what it found when this was recorded.
        case blocks([Int64], tokens: Int)
    }

    /// Tokens of one block of Mooncake's traces.
    package static let blockTokens = 512

    /// One exchange of it.
    package struct Exchange: Sendable, Equatable {
        package var prompt: Prompt
        /// What was answered then; sent along with later turns. nil: unknown, later turns do without.
        package var reply: String?
        /// Of the whole prompt with all that went before, as recorded; nil: unknown.
        package var inputTokens: Int?
        /// Becomes `max_tokens`; nil: the server decides.
        package var outputTokens: Int?
        /// From the end of the answer before.
        package var pause: Nanoseconds?

        package init(
            prompt: Prompt, reply: String? = nil, inputTokens: Int? = nil, outputTokens: Int? = nil,
            pause: Nanoseconds? = nil
        ) {
            self.prompt = prompt
            self.reply = reply
            self.inputTokens = inputTokens
            self.outputTokens = outputTokens
            self.pause = pause
        }
    }

    package var system: String?
    package var exchanges: [Exchange]

    package init(system: String? = nil, exchanges: [Exchange]) {
        self.system = system
        self.exchanges = exchanges
    }
}
