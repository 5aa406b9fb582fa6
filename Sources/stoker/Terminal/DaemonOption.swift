import ArgumentParser
import Foundation
import StokerConfig
import StokerCore

/// Which daemon is meant: the one of a config file, or of a socket.
struct DaemonOption: ParsableArguments {
    @OptionGroup var option: ConfigOption

    @Option(
        help: ArgumentHelp(
            "The daemon's control socket.",
            discussion: "Default: $STOKER_SOCKET, then the one in the runtime directory that the config file names.",
            valueName: "path"),
        completion: .file())
    var socket: String?

    /// A client of the daemon; that it runs is found out by asking.
    func client() throws -> ControlClient {
        let named = socket ?? ProcessInfo.processInfo.environment["STOKER_SOCKET"]
        if let named, !named.isEmpty { return ControlClient(socket: named) }
        return ControlClient(socket: try option.places().controlSocket)
    }

    /// The names of processes for shell completion, from the config file; none when there is no file.
    static func processNames() -> [String] {
        let environment = ProcessInfo.processInfo.environment["STOKER_CONFIG"].map { [$0] } ?? []
        let plan = (environment + ConfigOption.defaultPaths).lazy.compactMap { ConfigReader.places(path: $0) }.first
        return plan?.processes.map(\.name) ?? []
    }
}

extension ConfigOption {
    /// Where the daemon of the config file keeps its things.
    ///
    /// Errors in the file are no obstacle as long as it says that.
    func places() throws -> Plan {
        let path = try path()
        if let plan = ConfigReader.places(path: path) { return plan }
        return try plan()
    }
}

/// A command that speaks to the daemon: what the daemon refuses ends it in clear words and with the right code.
protocol DaemonCommand: AsyncParsableCommand {
    /// What the command does, once it is known where the daemon is.
    func run(_ client: ControlClient) async throws

    var daemon: DaemonOption { get }
}

extension DaemonCommand {
    func run() async throws {
        do {
            try await run(try daemon.client())
        } catch let failure as ControlFailure {
            Refusal.note(Self._commandName, failure.text)
            throw ExitCode(failure.exitCode)
        }
    }
}
