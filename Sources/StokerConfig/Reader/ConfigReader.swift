package import StokerCore

/// Turns the one YAML file into a validated `Plan`, or into all of its errors.
///
/// Everything outside the text comes in through the initializer, so that a test needs no file and no variable.
package struct ConfigReader: Sendable {
    /// Largest config file.
    package static let largestFile = 1 << 20

    private let program: String
    private let environment: [String: String]
    private let files: FileAccess

    /// - Parameters:
    ///   - program: absolute path of the stoker binary, for the engines that are in it.
    ///   - environment: the daemon's, in which `${NAME}` is looked up; nothing else of it reaches a process, except
    ///     HOME.
    ///   - files: how files are read; a fake in tests.
    package init(program: String, environment: [String: String], files: FileAccess = .system) {
        self.program = program
        self.environment = environment
        self.files = files
    }

    /// Reads the file at `path`, relative to the working directory.
    package func read(path: String) throws(ConfigErrors) -> Plan {
        let absolute = Paths.absolute(path, in: files.workingDirectory())
        let bytes: [UInt8]
        switch files.read(absolute, Self.largestFile) {
        case .success(let contents):
            bytes = contents.bytes
        case .failure(.tooLarge):
            throw fileError(
                path, .fileTooLarge, "the file is larger than 1 MiB", hint: "stoker check --config stoker.yaml")
        case .failure(let problem):
            throw fileError(
                path, .fileUnreadable, "cannot read the file: \(problem.text)", hint: "stoker check --config PATH")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw fileError(
                path, .badYAML, "the file is not text in UTF-8", hint: "iconv -f latin1 -t utf8 \(path) > stoker.yaml")
        }
        return try read(text: text, name: path, directory: Paths.directory(of: absolute))
    }

    /// Reads a text as if it were the file `name` (as errors call it) in `directory` (absolute).
    package func read(text: String, name: String, directory: String) throws(ConfigErrors) -> Plan {
        guard text.utf8.count <= Self.largestFile else {
            throw fileError(
                name, .fileTooLarge, "the file is larger than 1 MiB", hint: "stoker check --config stoker.yaml")
        }
        let diagnostics = Diagnostics()
        let isMarked = text.unicodeScalars.first == "\u{FEFF}"
        let unmarked = isMarked ? String(text.unicodeScalars.dropFirst()) : text
        guard let root = DocumentParser.parse(unmarked, diagnostics) else {
            throw ConfigErrors(file: name, errors: diagnostics.inFileOrder)
        }
        let placeholders = Placeholders(
            environment: environment, files: files, directory: directory, diagnostics: diagnostics)
        let plan = PlanReader(
            root: root, directory: directory, program: program, placeholders: placeholders, diagnostics: diagnostics
        ).read(digest: Digest.hex(of: text))
        guard diagnostics.errors.isEmpty else { throw ConfigErrors(file: name, errors: diagnostics.inFileOrder) }
        return plan
    }

    private func fileError(
        _ file: String, _ code: ConfigError.Code, _ message: String, hint: String
    ) -> ConfigErrors {
        ConfigErrors(file: file, errors: [ConfigError(place: nil, code: code, message: message, hint: hint)])
    }
}

/// Tells two files apart; not for security, hence FNV-1a and no dependency.
enum Digest {
    /// The first 12 hex digits of the 64-bit FNV-1a hash.
    static func hex(of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String((String(repeating: "0", count: 16 - digits.count) + digits).prefix(12))
    }
}
