import StokerWire

/// The pages of an engine that say what it is and serves.
struct FixedPages {
    let dialect: SimulatorDialect
    /// As JSON, with its quotes.
    private let model: String
    private let plainModel: String
    let created: Int64

    init(model: String, dialect: SimulatorDialect, created: Int64) {
        self.dialect = dialect
        self.model = JSONText.encode(model)
        plainModel = model
        self.created = created
    }

    /// `/v1/models`. The owner is the simulator in every dialect, so that nobody takes it for the engine.
    var models: String {
        let entry = #""id":\#(model),"object":"model","created":\#(created),"owned_by":"stoker-simulator""#
        let most = SimulatorOptions.maxTokens
        switch dialect {
        case .vllm: return #"{"object":"list","data":[{\#(entry),"max_model_len":\#(most)}]}"#
        case .sglang:
            return #"{"object":"list","data":[{\#(entry),"root":\#(model),"parent":null,"max_model_len":\#(most)}]}"#
        case .llamaCpp:
            let short = #""name":\#(model),"model":\#(model),"type":"model","capabilities":["completion"]"#
            return #"{"models":[{\#(short)}],"object":"list","data":[{\#(entry),"meta":{"n_ctx_train":\#(most)}}]}"#
        case .ollama: return #"{"object":"list","data":[{\#(entry)}]}"#
        }
    }

    var version: String { #"{"version":"stoker-simulator"}"# }

    /// `/api/tags` and `/api/ps`.
    var tags: String {
        let name = JSONText.encode(plainModel.contains(":") ? plainModel : plainModel + ":latest")
        let details = #"{"format":"simulated","family":"stoker-simulator"}"#
        return #"{"models":[{"name":\#(name),"model":\#(name),"modified_at":"\#(WallClock.text(of: created))","#
            + #""size":0,"digest":"","details":\#(details)}]}"#
    }

    /// SGLang's `/get_model_info`.
    var modelInfo: String {
        #"{"model_path":\#(model),"tokenizer_path":\#(model),"is_generation":true,"preferred_sampling_params":null}"#
    }

    /// llama.cpp's `/props`.
    func props(slots: Int) -> String {
        #"{"model_path":\#(model),"total_slots":\#(max(1, slots)),"chat_template":"","build_info":"stoker-simulator"}"#
    }

    /// llama.cpp's `/slots`; prompts are left out, which the real one shows.
    func slots(_ count: Int, running: Int) -> String {
        let shown = min(max(count, running, 1), 1024)
        let entries = (0..<shown).map { #"{"id":\#($0),"n_ctx":4096,"is_processing":\#($0 < running)}"# }
        return "[" + entries.joined(separator: ",") + "]"
    }
}
