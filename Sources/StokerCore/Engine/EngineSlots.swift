/// How many requests an engine works on at once, as its command line says.
package enum EngineSlots {
    /// The number, nil when the command does not say it, or leaves it to the engine.
    ///
    /// The last mention counts, as it does for the engines' own parsers.
    package static func read(_ command: [String], of engine: Engine) -> Int? {
        let names = flags(of: engine)
        var found: Int?
        for (place, argument) in command.enumerated() {
            let cut = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = cut.first, names.contains(canonical(String(name), engine)) else { continue }
            if cut.count > 1 {
                found = Int(cut[1])
            } else if place + 1 < command.count {
                found = Int(command[place + 1])
            }
        }
        // llama.cpp's -1 and the simulator's 0 leave it open.
        return found.flatMap { $0 >= 1 ? $0 : nil }
    }

    private static func flags(of engine: Engine) -> [String] {
        switch engine {
        case .llamaCpp: ["-np", "--parallel"]
        case .vllm: ["--max-num-seqs"]
        case .sglang: ["--max-running-requests"]
        case .simulator: ["--slots"]
        case .ollama, .tgi, .openai, .stoker: []
        }
    }

    /// vLLM takes `_` for `-` in names.
    private static func canonical(_ name: String, _ engine: Engine) -> String {
        engine == .vllm ? String(name.map { $0 == "_" ? "-" : $0 }) : name
    }
}
