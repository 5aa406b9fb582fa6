/// One thing that is wrong with a config file: what, where, and what to write instead.
package struct ConfigError: Error, Sendable, Equatable {
    /// Where in the file; nil when the file as a whole is meant.
    package var place: Place?
    /// The kind of mistake.
    package var code: Code
    /// One sentence without a full stop. Never quotes a value that came from `${…}`.
    package var message: String
    /// What to paste: a line of YAML, or a shell command.
    package var hint: String

    /// An error; all parts are shown to people.
    package init(place: Place?, code: Code, message: String, hint: String) {
        self.place = place
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The error as `file:line:column: message [code]` and a `try:` line below it.
    package func text(file: String) -> String {
        let location = place.map { "\(file):\($0.line):\($0.column)" } ?? file
        return "\(location): \(message) [\(code.rawValue)]\n  try: \(hint)"
    }

    /// What kind of mistake it is: stable, so that scripts may rely on it. Listed in docs/config.md.
    package enum Code: String, Sendable, CaseIterable {
        case attachMode = "attach-mode"
        case badAddress = "bad-address"
        case badCertificate = "bad-certificate"
        case badChoice = "bad-choice"
        case badDuration = "bad-duration"
        case badName = "bad-name"
        case badNumber = "bad-number"
        case badPlaceholder = "bad-placeholder"
        case badProbe = "bad-probe"
        case badSize = "bad-size"
        case badText = "bad-text"
        case badURL = "bad-url"
        case badYAML = "bad-yaml"
        case conflict
        case duplicateEntry = "duplicate-entry"
        case duplicateKey = "duplicate-key"
        case emptyFile = "empty-file"
        case emptyValue = "empty-value"
        case fileTooLarge = "file-too-large"
        case fileUnreadable = "file-unreadable"
        case missingKey = "missing-key"
        case noAlias = "no-alias"
        case outOfRange = "out-of-range"
        case pathTooLong = "path-too-long"
        case portClash = "port-clash"
        case reservedName = "reserved-name"
        case secretExposed = "secret-exposed"
        case secretMissing = "secret-missing"
        case secretShown = "secret-shown"
        case startCycle = "start-cycle"
        case tooDeep = "too-deep"
        case unknownKey = "unknown-key"
        case unknownProcess = "unknown-process"
        case wrongKind = "wrong-kind"
        case wrongType = "wrong-type"
    }
}

/// A position in a config file. Columns count Unicode scalars, as libyaml and most editors do.
package struct Place: Sendable, Hashable, Comparable {
    /// From 1.
    package var line: Int
    /// From 1.
    package var column: Int

    /// The place, both numbers from 1.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Whether one place comes before the other in the file.
    package static func < (left: Place, right: Place) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Everything that is wrong with one config file, in the order of the file; never empty.
package struct ConfigErrors: Error, Sendable, Equatable {
    /// More errors than this help nobody; the rest is only counted.
    package static let mostShown = 50

    /// The file as the person named it.
    package var file: String
    /// At least one, by place.
    package var errors: [ConfigError]

    /// The errors of one reading.
    package init(file: String, errors: [ConfigError]) {
        self.file = file
        self.errors = errors
    }

    /// All errors as a terminal shows them, without a newline at the end.
    package var text: String {
        var blocks = errors.prefix(Self.mostShown).map { $0.text(file: file) }
        if errors.count > Self.mostShown {
            blocks.append("\(file): and \(errors.count - Self.mostShown) more errors")
        }
        return blocks.joined(separator: "\n")
    }
}
