package import StokerCore

extension ConfigReader {
    /// The plan as far as the file gives one, whatever is wrong with it; nil when it cannot be read or parsed at all.
    ///
    /// For commands that look for a daemon or for its records: the file may be broken just now, or name secrets that
    /// the person who asks may not read, while the daemon runs on. Only the directories and names in it mean anything.
    package static func places(path: String, files: FileAccess = .system) -> Plan? {
        let absolute = Paths.absolute(path, in: files.workingDirectory())
        guard case .success(let contents) = files.read(absolute, largestFile),
            let text = String(validating: contents.bytes, as: UTF8.self)
        else { return nil }
        let diagnostics = Diagnostics()
        guard let root = DocumentParser.parse(text, diagnostics) else { return nil }
        let directory = Paths.directory(of: absolute)
        let placeholders = Placeholders(environment: [:], files: files, directory: directory, diagnostics: diagnostics)
        return PlanReader(
            root: root, directory: directory, program: "stoker", placeholders: placeholders, diagnostics: diagnostics
        ).read(digest: "")
    }
}
