import ArgumentParser
import StokerAdmin
import StokerCore

/// `stoker status`: what runs, since when, and why not.
struct StatusCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what runs, since when, and why not.",
        discussion: """
            Healthy means: every model has a backend in rotation, and no process has been given up.

            EXAMPLES
              stoker status
              stoker status --json | jq -r '.processes[] | select(.state != "ready") | .name'
              stoker status --socket /run/stoker/control.sock
              watch -c stoker status

            EXIT CODES
              0 healthy, 1 not healthy, 2 no daemon answers
            """)

    @OptionGroup var daemon: DaemonOption

    @Flag(help: "Print the report as JSON; times are milliseconds since 1970.")
    var json = false

    func run(_ client: ControlClient) async throws {
        let report = try await client.status()
        if json {
            try Terminal.writeJSON(report, pretty: true)
        } else {
            Terminal.write(StatusScreen(report).rendered(Terminal.style))
        }
        if !report.isHealthy { throw ExitCode(1) }
    }
}
