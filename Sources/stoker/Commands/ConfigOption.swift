import ArgumentParser
import Foundation
import StokerConfig
import StokerCore

/// `-c/--config`, shared by every command that needs the config file.
struct ConfigOption: ParsableArguments {
    /// Where the file is looked for when neither the option nor `$STOKER_CONFIG` names one, first hit wins.
    static let defaultPaths = ["./stoker.yaml", "/etc/stoker/stoker.yaml"]

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The config file.",
            discussion: "Default: $STOKER_CONFIG, then ./stoker.yaml, then /etc/stoker/stoker.yaml.",
            valueName: "path"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    /// The path of the config file; whether it can be read is found out by reading it.
    ///
    /// - Throws: `ExitCode(2)` after a line on stderr when nobody named a file and none is at the usual places.
    func path(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        exists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
    ) throws -> String {
        if let config { return config }
        if let named = environment["STOKER_CONFIG"], !named.isEmpty { return named }
        if let found = Self.defaultPaths.first(where: exists) { return found }
        let places = Self.defaultPaths.joined(separator: " nor ")
        let complaint = "no config file: neither \(places) exists\n  try: stoker check --config PATH\n"
        FileHandle.standardError.write(Data(complaint.utf8))
        throw ExitCode(2)
    }

    /// The validated plan.
    ///
    /// - Throws: `ExitCode(2)` after the errors have been written to stderr.
    func plan() throws -> Plan {
        let path = try path()
        do {
            return try Self.reader().read(path: path)
        } catch {
            throw refuse(error)
        }
    }

    /// Says on stderr what is wrong, and returns how the command has to end.
    func refuse(_ errors: ConfigErrors) -> ExitCode {
        FileHandle.standardError.write(Data((errors.text + "\n").utf8))
        return ExitCode(2)
    }

    /// Says on stderr what a person should know, and stands in the way of nothing.
    func warn(_ warnings: ConfigErrors) {
        FileHandle.standardError.write(Data((warnings.text + "\n").utf8))
    }

    /// The reader of this program: engines that are in the binary start the very file that runs now.
    static func reader() -> ConfigReader {
        // After an upgrade of the binary, Linux appends " (deleted)" to the link of a process that runs the old one.
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = link?.replacing(" (deleted)", with: "") ?? CommandLine.arguments.first ?? "stoker"
        return ConfigReader(program: program, environment: ProcessInfo.processInfo.environment)
    }
}
