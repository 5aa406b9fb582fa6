import ArgumentParser
import Foundation

/// Where the program begins: runs what the command line says, and ends with the codes that `stoker --help` promises.
@main
enum Main {
    static func main() async {
        do {
            var command = try StokerCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(error)
        }
    }

    /// Help and version are no errors and go to standard output; a wrong command line is 2 here, not BSD's 64.
    private static func end(_ error: any Error) -> Never {
        let code = StokerCommand.exitCode(for: error)
        let message = StokerCommand.fullMessage(for: error)
        if !message.isEmpty {
            let output = code.isSuccess ? FileHandle.standardOutput : .standardError
            output.write(Data((message + "\n").utf8))
        }
        exit(code == .validationFailure ? 2 : code.rawValue)
    }
}
