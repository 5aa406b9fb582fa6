import StokerCore

/// What the texts of one process are relative to.
struct Workplace {
    /// Absolute working directory.
    var directory: String
    /// What `${PORT}` stands for.
    var port: UInt16?
}

extension ProcessReader {
    /// Program and arguments with everything filled in; nil after an error.
    func readCommand(_ engine: Engine?, _ profile: EngineProfile?, _ workplace: Workplace) -> [String]? {
        guard var command = writtenCommand(workplace) ?? ownCommand(engine, workplace) else { return nil }
        let written = section.list(ProcessKeys.addedArguments).map {
            context.arguments($0, of: ProcessKeys.addedArguments, workplace, in: section)
        }
        command += Self.missing(written ?? profile?.addedArguments ?? [], in: command)
        return command
    }

    private func writtenCommand(_ workplace: Workplace) -> [String]? {
        section.list(ProcessKeys.command).flatMap {
            context.command($0, of: ProcessKeys.command, workplace, in: section)
        }
    }

    /// The command of the engines that are in this very binary; an error for the others.
    private func ownCommand(_ engine: Engine?, _ workplace: Workplace) -> [String]? {
        if section.has(ProcessKeys.command) { return nil }
        guard let engine, let port = workplace.port else { return reportMissingCommand() }
        let listen = ["--listen", Endpoint(host: "127.0.0.1", port: port).text]
        switch engine {
        case .stoker:
            let database = "\(context.stateDirectory)/knowledge/\(name).sqlite"
            return [context.program, "knowledge"] + listen + ["--database", database]
        case .simulator:
            return [context.program, "simulate"] + listen + ["--model", context.modelServed[name] ?? name]
        default:
            return reportMissingCommand()
        }
    }

    private func reportMissingCommand() -> [String]? {
        context.diagnostics.report(
            .missingKey, "\(name) has neither a command nor a url", at: placeOfName, hint: ProcessKeys.command.hint)
        return nil
    }

    /// What is to be added: an option that the command has already is left out with its values, and nothing else is.
    private static func missing(_ arguments: [String], in command: [String]) -> [String] {
        var isLeftOut = false
        return arguments.filter { argument in
            // A negative number is a value.
            if argument.hasPrefix("-"), Double(argument) == nil { isLeftOut = has(argument, command) }
            return !isLeftOut
        }
    }

    /// Whether the command has the argument already, alone or as `--name=value`.
    private static func has(_ argument: String, _ command: [String]) -> Bool {
        let name = argument.prefix { $0 != "=" }
        return command.contains { $0 == argument || $0.hasPrefix("\(name)=") }
    }

    /// PATH, HOME, LANG and PORT so that ordinary programs run, then what the config says. PATH and LANG are fixed:
    /// what works by hand in a rich shell and fails at boot costs a night.
    func readEnvironment(_ port: UInt16?) -> [String: Secret] {
        var result: [String: Secret] = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": Secret(context.placeholders.environment["HOME"] ?? "/", isSecret: false),
        ]
        if let port { result["PORT"] = Secret(String(port), isSecret: false) }
        for entry in section.map(ProcessKeys.environment) {
            result[entry.key] = readVariable(entry, port) ?? result[entry.key]
        }
        return result
    }

    /// Not through `SectionReader.scalar`, whose errors quote the value.
    private func readVariable(_ entry: ConfigNode.Entry, _ port: UInt16?) -> Secret? {
        let hint = "\(entry.key): \"value\""
        guard case .scalar(let text, _) = entry.value.content, !entry.value.isEmpty else {
            let code: ConfigError.Code = entry.value.isEmpty ? .emptyValue : .wrongType
            let remedy = entry.value.isEmpty ? "an empty value is written \"\"" : "it must be a single value"
            context.diagnostics.report(
                code, "\(entry.key) is \(entry.value.kindInWords); \(remedy)", at: entry.value.place, hint: hint)
            return nil
        }
        guard !text.unicodeScalars.contains("\0") else {
            context.diagnostics.report(
                .badText, "\(entry.key) contains a NUL character, which no program can be given",
                at: entry.value.place, hint: hint)
            return nil
        }
        return context.placeholders.expand(text, at: entry.value.place, port: port, use: .secret)
    }
}
