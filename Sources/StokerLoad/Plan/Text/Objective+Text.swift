extension Objective {
    /// Objectives that others have agreed on, so that results compare.
    package enum Preset: String, Sendable, CaseIterable {
        /// MLPerf Inference, server scenario (mlcommons/inference, loadgen/mlperf.conf).
        case deepSeekR1 = "mlperf-deepseek-r1"
        case deepSeekR1Interactive = "mlperf-deepseek-r1-interactive"

        package var objective: Objective {
            switch self {
            case .deepSeekR1: Objective(ttft: 2_000_000_000, tpot: 80_000_000)
            case .deepSeekR1Interactive: Objective(ttft: 1_500_000_000, tpot: 15_000_000)
            }
        }
    }

    /// Reads vLLM's `--goodput ttft:2000 tpot:80 e2el:30000`: bounds in milliseconds, each at most once.
    package init(goodput texts: [String], flag: String) throws(LoadError) {
        self.init()
        for text in texts.flatMap({ $0.split(separator: " ") }).map(String.init) {
            let typed = Typed(flag: flag, text: text)
            let example = "ttft:2000 tpot:80 e2el:30000 (milliseconds)"
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let value = Double(plain: parts[1]), value > 0, value <= 86_400_000 else {
                throw typed.refused("is no bound", try: example)
            }
            guard let bound = Self.bound(parts[0]) else {
                throw typed.refused("names no measure (ttft, tpot or e2el)", try: example)
            }
            guard self[keyPath: bound] == nil else { throw typed.refused("is the second of its kind", try: example) }
            self[keyPath: bound] = Nanoseconds((value * 1e6).rounded())
        }
    }

    private static func bound(_ name: Substring) -> WritableKeyPath<Objective, Nanoseconds?>? {
        switch name {
        case "ttft": \.ttft
        case "tpot": \.tpot
        case "e2el", "e2e": \.e2e
        default: nil
        }
    }

    /// Reads the name of a preset.
    package init(preset text: String, flag: String) throws(LoadError) {
        guard let preset = Preset(rawValue: text) else {
            let known = Preset.allCases.map(\.rawValue)
            throw Typed(flag: flag, text: text).refused(
                "is not known; known are \(known.joined(separator: ", "))", try: known[0])
        }
        self = preset.objective
    }

    /// Itself, with what it leaves open from another.
    package func or(_ other: Objective) -> Objective {
        Objective(ttft: ttft ?? other.ttft, tpot: tpot ?? other.tpot, e2e: e2e ?? other.e2e)
    }
}
