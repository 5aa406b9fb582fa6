import ArgumentParser
import StokerLoad

/// A command under `stoker load`: what it refuses is one line and exit code 2.
protocol LoadSubcommand: AsyncParsableCommand {
    /// Does what the command is for, and returns how it ends.
    func perform() async throws(LoadError) -> LoadExit
}

extension LoadSubcommand {
    func run() async throws {
        OpenFileLimit.raise()
        let exit: LoadExit
        do throws(LoadError) {
            exit = try await perform()
        } catch {
            throw Refusal.of("load \(Self._commandName)", error.message)
        }
        if exit != .ok { throw ExitCode(exit.rawValue) }
    }
}
