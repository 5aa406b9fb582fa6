package import StokerCore

extension ConfigReader {
    /// The plan as far as the file gives one, whatever is wrong with it; nil when it cannot be read or parsed at all.
    ///
    /// For commands that look for a daemon or for its records: the file may be broken just now, or name secrets that
    /// the person who asks may not read, while the daemon runs on. Only the directories and names in it mean anything.
    package static func places(path: String, files: FileAccess = .system) -> Plan? {
        let absolute = Paths.absolute(path, in: files.workingDirectory())
        let diagnostics = Diagnostics()
        guard let root = root(absolute, files, diagnostics) else { return nil }
        let directory = Paths.directory(of: absolute)
        let placeholders = Placeholders(environment: [:], files: files, directory: directory, diagnostics: diagnostics)
        return PlanReader(
            root: root, directory: directory, program: "stoker", placeholders: placeholders, diagnostics: diagnostics
        ).read(digest: "")
    }

    /// Where in the file the value of a key stands: `["gateway", "tls", "key"]`; nil when it has none.
    ///
    /// For what is found out about a value after the file has been read, such as that a certificate has expired.
    package static func place(of keys: [String], path: String, files: FileAccess = .system) -> Place? {
        var node = root(Paths.absolute(path, in: files.workingDirectory()), files, Diagnostics())
        for key in keys {
            guard case .mapping(let entries)? = node?.content else { return nil }
            node = entries.first { $0.key == key }?.value
        }
        return node?.place
    }

    private static func root(_ absolute: String, _ files: FileAccess, _ diagnostics: Diagnostics) -> ConfigNode? {
        guard case .success(let contents) = files.read(absolute, largestFile),
            let text = String(validating: contents.bytes, as: UTF8.self)
        else { return nil }
        return DocumentParser.parse(text, diagnostics)
    }
}
