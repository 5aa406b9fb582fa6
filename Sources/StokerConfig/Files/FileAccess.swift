/// How the reader gets at files; a fake in tests.
package struct FileAccess: Sendable {
    /// Absolute; what relative paths of the command line are relative to.
    package var workingDirectory: @Sendable () -> String
    /// The whole file at an absolute path, at most `limit` bytes.
    package var read: @Sendable (_ path: String, _ limit: Int) -> Result<FileContents, FileProblem>

    /// Access through these two functions.
    package init(
        workingDirectory: @escaping @Sendable () -> String,
        read: @escaping @Sendable (_ path: String, _ limit: Int) -> Result<FileContents, FileProblem>
    ) {
        self.workingDirectory = workingDirectory
        self.read = read
    }
}

/// What a file holds, and who may read it.
package struct FileContents: Sendable, Equatable {
    /// The whole content.
    package var bytes: [UInt8]
    /// Permission bits, `0o600`.
    package var mode: UInt32

    /// A file's content and mode.
    package init(bytes: [UInt8], mode: UInt32) {
        self.bytes = bytes
        self.mode = mode
    }
}

/// Why a file could not be read.
package enum FileProblem: Error, Sendable, Equatable {
    case tooLarge
    case notRegular
    /// The kernel's words: `No such file or directory`.
    case system(String)

    /// Follows `cannot read PATH: `.
    package var text: String {
        switch self {
        case .tooLarge: "it is too large"
        case .notRegular: "it is not a regular file"
        case .system(let words): words
        }
    }
}
