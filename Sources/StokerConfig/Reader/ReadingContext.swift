import StokerCore

/// What the readers of one file share.
struct ReadingContext {
    let diagnostics: Diagnostics
    let placeholders: Placeholders
    /// Of the config file, absolute.
    let directory: String
    let stateDirectory: String
    /// The stoker binary, for the engines that are in it.
    let program: String
    /// For each process that is a backend: the name that it should know its first model by.
    let modelServed: [String: String]
    /// Processes that some model has as its standby.
    let standbys: Set<String>

    /// A command from a list: not empty, and a program with a slash made absolute; nil after an error.
    func command(
        _ items: [ConfigNode], of key: KeyDescription, _ workplace: Workplace, in section: SectionReader
    ) -> [String]? {
        guard !items.isEmpty else {
            diagnostics.report(
                .emptyValue, "\(key.name) is an empty list; its first item is the program",
                at: section.place(of: key), hint: key.hint)
            return nil
        }
        var command = arguments(items, of: key, workplace, in: section)
        guard command.count == items.count, let program = command.first else { return nil }
        if program.isEmpty {
            diagnostics.report(
                .emptyValue, "the program of \(key.name) is empty", at: items[0].place, hint: key.hint)
            return nil
        }
        if program.contains("/") { command[0] = Paths.absolute(program, in: workplace.directory) }
        return command
    }

    /// The items as arguments; those with an error are left out.
    func arguments(
        _ items: [ConfigNode], of key: KeyDescription, _ workplace: Workplace, in section: SectionReader
    ) -> [String] {
        items.compactMap { item in
            guard let text = section.scalar(item, as: .multiline, of: key.item) else { return nil }
            let use = Placeholders.Use.shown(in: "\(key.name) is shown by ps to everybody; hand it over in env")
            return placeholders.expand(text, at: item.place, port: workplace.port, use: use)?.revealed
        }
    }

    /// The parts of a URL; nil after an error, which does not quote a URL with a password.
    func webAddress(_ text: String, of key: String, at place: Place) -> WebAddress? {
        do {
            return try WebAddress(text)
        } catch {
            let example =
                key == ProbeKeys.http.description.name ? "http://127.0.0.1:9001/health" : "http://10.0.0.9:8000"
            let reason =
                switch error {
                case .scheme: "\(key) is \(Spelling.shown(text)); it must begin with http:// or https://"
                case .credentials: "\(key) contains a user or a password, which status and metrics would show"
                case .authority: "\(key) is \(Spelling.shown(text)); it must be http(s)://host:port"
                }
            diagnostics.report(.badURL, reason, at: place, hint: "\(key): \(example)")
            return nil
        }
    }
}
