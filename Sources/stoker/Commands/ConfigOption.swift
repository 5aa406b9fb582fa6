import ArgumentParser
import Foundation

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
}
