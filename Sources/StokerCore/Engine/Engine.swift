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

/// How an engine is asked to go on with an answer that another engine began.
///
/// In `/v1/completions` all but `none` take the prompt with the text so far behind it; the others differ in chats.
package enum ContinuationDialect: String, Sendable, Codable, CaseIterable {
    /// Not at all. Ollama puts even the prompt of a completion into the model's template.
    case none
    /// Completions only.
    case prompt
    /// vLLM and SGLang: `continue_final_message: true`, `add_generation_prompt: false`.
    case continueFinalMessage = "continue-final-message"
    /// llama.cpp: the last message is an assistant's.
    case assistantPrefill = "assistant-prefill"
}
