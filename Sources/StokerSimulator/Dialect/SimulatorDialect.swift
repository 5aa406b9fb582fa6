/// Whose ways the simulator imitates: paths, health, metrics, error forms, how an answer is continued.
package enum SimulatorDialect: String, Sendable, CaseIterable {
    case vllm
    case sglang
    case llamaCpp = "llama.cpp"
    case ollama

    /// How a chat asks to go on with the answer that it holds.
    enum Continuation {
        /// `continue_final_message: true` and `add_generation_prompt: false`.
        case flag
        /// A last message of the assistant's is the beginning of the answer.
        case prefill
        case none
    }

    var continuation: Continuation {
        switch self {
        case .vllm, .sglang: .flag
        case .llamaCpp: .prefill
        case .ollama: .none
        }
    }

    /// Whether the last token comes with the reason of the end; the others send an event of its own for it.
    var endsWithLastToken: Bool { self == .vllm }

    /// Ollama takes requests while a model loads, and lets them wait.
    var waitsForLoading: Bool { self == .ollama }

    /// Ollama's names have a tag; without one it is `latest`.
    func serves(_ asked: String, model: String) -> Bool {
        asked == model || (self == .ollama && (asked == model + ":latest" || asked + ":latest" == model))
    }
}
