/// The kind of software in an inference or knowledge process; it decides the defaults in its `EngineProfile`.
package enum Engine: String, Sendable, Codable, CaseIterable {
    case vllm
    case sglang
    case llamaCpp = "llama.cpp"
    case ollama
    case tgi
    case openai
    case stoker
    case simulator
}

/// What a process is for.
package enum ProcessKind: String, Sendable, Codable, CaseIterable {
    case inference
    case knowledge
    case other
    /// The data plane. Made by Stoker itself, never named in a config.
    case gateway
}

/// How an engine is asked to go on with an answer that another engine began. `none`: it cannot.
package enum ContinuationDialect: String, Sendable, Codable, CaseIterable {
    case none
    /// vLLM and SGLang: `continue_final_message: true`, `add_generation_prompt: false`.
    case continueFinalMessage = "continue-final-message"
    /// llama.cpp: the last message is an assistant's.
    case assistantPrefill = "assistant-prefill"
}
