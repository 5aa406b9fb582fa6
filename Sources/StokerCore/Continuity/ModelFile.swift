/// Where an engine's weights lie, read from its command, so that those of a cold standby can be kept in memory.
package enum ModelFile {
    /// Absolute paths of files and directories that the process will load; empty when the command does not say.
    ///
    /// A model that is named (`deepseek-ai/DeepSeek-R1`) lies in a cache of the engine's own and is not looked for.
    package static func paths(of process: ProcessPlan) -> [String] {
        guard let command = process.command, let engine = process.engine else { return [] }
        let named: String?
        switch engine {
        case .llamaCpp: named = value(of: ["-m", "--model"], in: command)
        case .vllm: named = value(of: ["--model"], in: command) ?? argument(after: "serve", in: command)
        case .sglang: named = value(of: ["--model-path", "--model"], in: command)
        case .tgi: named = value(of: ["--model-id"], in: command)
        default: named = value(of: ["-m", "--model"], in: command)
        }
        guard let named, let path = absolute(named, isFile: engine == .llamaCpp, in: process.directory) else {
            return []
        }
        return parts(of: path)
    }

    /// The value behind the first of these flags, as `--flag value` or `--flag=value`.
    private static func value(of flags: [String], in command: [String]) -> String? {
        for (index, argument) in command.enumerated() {
            for flag in flags {
                if argument == flag, index + 1 < command.count { return command[index + 1] }
                if flag.hasPrefix("--"), argument.hasPrefix("\(flag)=") {
                    return String(argument.dropFirst(flag.count + 1))
                }
            }
        }
        return nil
    }

    private static func argument(after word: String, in command: [String]) -> String? {
        guard let index = command.firstIndex(of: word), index + 1 < command.count,
            !command[index + 1].hasPrefix("-")
        else { return nil }
        return command[index + 1]
    }

    /// nil for what is no path; llama.cpp takes nothing else.
    private static func absolute(_ name: String, isFile: Bool, in directory: String?) -> String? {
        if name.hasPrefix("/") { return name }
        guard isFile || name.hasPrefix("./") || name.hasPrefix("../"), !name.isEmpty, let directory else { return nil }
        return "\(directory)/\(name)"
    }

    /// All parts of a GGUF that `gguf-split` has cut: `name-00001-of-00003.gguf` and the two after it.
    private static func parts(of path: String) -> [String] {
        let suffix = ".gguf"
        let stem = path.dropLast(suffix.count)
        let pieces = stem.suffix(15).split(separator: "-")
        guard path.hasSuffix(suffix), pieces.count == 3, pieces[1] == "of", pieces[0].count == 5,
            pieces[2].count == 5, Int(pieces[0]) != nil, let count = Int(pieces[2]), (1...999).contains(count)
        else { return [path] }
        let name = stem.dropLast(14)
        return (1...count).map { "\(name)\(padded($0))-of-\(pieces[2])\(suffix)" }
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
