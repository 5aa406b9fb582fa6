/// What a person said about the prompts.
package struct WorkOrder: Sendable, Equatable {
    /// The words of `--dataset`.
    package enum Kind: String, Sendable, CaseIterable {
        /// Words from a seed.
        case random
        /// The same, behind beginnings that sessions share.
        case sharedPrefix = "shared-prefix"
        case sharegpt, jsonl
    }

    /// Where prompts come from: made up here, or to be read.
    package enum Source: Sendable, Equatable {
        case made(Dataset)
        case file(Kind, path: String)
    }

    package var kind: String?
    package var path: String?
    package var input: String?
    package var output: String?
    package var turns: String?
    package var prefix: String?
    package var prefixes: String?
    package var cacheBust: String?
    package var ignoresEnd = false
    package var temperature: String?
    package var extraBody: String?
    /// For the `http` endpoint: what is sent.
    package var body: String?

    package init() {}

    /// On or off.
    private enum Switch: String, CaseIterable {
        case on, off
    }

    /// Where prompts come from.
    package func source(for endpoint: LoadTarget.Endpoint) throws(LoadError) -> Source {
        guard endpoint != .http else { return .made(.fixed(Array((body ?? "").utf8))) }
        if body != nil { throw LoadError("--body is for --endpoint-type http; prompts come from --dataset") }
        let asked = try kind.map { text throws(LoadError) in try Asked(text, flag: "--dataset").word(of: Kind.self) }
        let kind = asked ?? (path == nil ? (prefix == nil ? .random : .sharedPrefix) : nil)
        switch kind {
        case nil: throw LoadError("--dataset-path needs to know the form of the file; try --dataset sharegpt or jsonl")
        case .random, .sharedPrefix: return .made(.synthetic(try prompts(kind == .sharedPrefix)))
        case .sharegpt, .jsonl:
            let name = kind?.rawValue ?? ""
            guard let path else { throw LoadError("--dataset \(name) needs a file; try --dataset-path ./\(name).json") }
            for (value, flag) in [(input, "--input-len"), (turns, "--turns"), (prefix, "--prefix-len")]
            where value != nil { throw LoadError("\(flag) is for --dataset random; \(path) has lengths of its own") }
            return .file(kind ?? .jsonl, path: path)
        }
    }

    /// The plan, once the data set is at hand.
    package func plan(_ dataset: Dataset) throws(LoadError) -> WorkloadPlan {
        let warmth = try temperature.map { text throws(LoadError) in
            text == "0" ? 0 : try Asked(text, flag: "--temperature").number(upTo: 100, try: "0.7")
        }
        let bust = try cacheBust.map { text throws(LoadError) in
            try Asked(text, flag: "--cache-bust").word(of: Switch.self) == .on
        }
        if let extraBody { try Self.check(extraBody) }
        var plan = WorkloadPlan(
            dataset: dataset, ignoresEnd: ignoresEnd, temperature: warmth ?? 0, extraBody: extraBody)
        plan.bustsCache = bust ?? Self.bustsByItself(dataset)
        if case .synthetic = dataset { return plan }
        plan.outputTokens = try output.map { text throws(LoadError) in
            try LengthDistribution(text: text, flag: "--output-len")
        }
        return plan
    }

    /// Made-up prompts are busted by default; what was recorded is sent as it was.
    private static func bustsByItself(_ dataset: Dataset) -> Bool {
        if case .synthetic = dataset { return true }
        return false
    }

    private static func check(_ text: String) throws(LoadError) {
        do {
            _ = try ExtraBody(text)
        } catch {
            throw LoadError("--extra-body is no JSON object; try --extra-body '{\"top_p\": 0.9}'")
        }
    }

    private func prompts(_ isShared: Bool) throws(LoadError) -> SyntheticPrompts {
        if path != nil { throw LoadError("--dataset-path goes with --dataset sharegpt or jsonl; random reads no file") }
        var prompts = SyntheticPrompts(
            inputTokens: try LengthDistribution(text: input ?? "512", flag: "--input-len"),
            outputTokens: try LengthDistribution(text: output ?? "128", flag: "--output-len"),
            turns: try LengthDistribution(text: turns ?? "1", flag: "--turns"))
        guard isShared else {
            for (value, flag) in [(prefix, "--prefix-len"), (prefixes, "--num-prefixes")] where value != nil {
                throw LoadError("\(flag) is for shared beginnings; try --dataset shared-prefix \(flag) \(value ?? "")")
            }
            return prompts
        }
        prompts.sharedPrefix = SyntheticPrompts.SharedPrefix(
            tokens: try Asked(prefix ?? "1024", flag: "--prefix-len").count(in: 1...1_000_000, try: "1024"),
            count: try Asked(prefixes ?? "1", flag: "--num-prefixes").count(in: 1...10_000, try: "4"))
        return prompts
    }
}
