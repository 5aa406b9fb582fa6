import ArgumentParser
import Foundation

/// Ends a command that cannot start, in one line on standard error.
enum Refusal {
    /// Writes `stoker NAME: message` and returns the exit code for what a person must put right: 2.
    static func of(_ command: String, _ message: String) -> ExitCode {
        note(command, message)
        return ExitCode(2)
    }

    /// Writes `stoker NAME: message`, for the person at the terminal or the log of the process.
    static func note(_ command: String, _ message: String) {
        FileHandle.standardError.write(Data("stoker \(command): \(message)\n".utf8))
    }
}
