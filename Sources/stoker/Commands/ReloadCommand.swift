import ArgumentParser
import StokerAdmin
import StokerCore

/// `stoker reload`: makes the daemon read its config file again.
struct ReloadCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Make the daemon read its config file again.",
        discussion: """
            A file with any error is refused whole, and the daemon runs on with the earlier plan. Processes whose own
            part did not change are not touched.

            EXAMPLES
              stoker check && stoker reload
              stoker reload --json

            EXIT CODES
              0 the new plan runs, 1 the daemon is going down, 2 the config is refused or no daemon answers
            """)

    @OptionGroup var daemon: DaemonOption

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run(_ client: ControlClient) async throws {
        try await client.reload()
        let report = try await client.status()
        if json {
            try Terminal.writeJSON(["config": report.config, "digest": report.configDigest], pretty: true)
        } else {
            Terminal.write("runs \(SafeText.escaped(report.config)) (\(report.configDigest))\n")
        }
    }
}
