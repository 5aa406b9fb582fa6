import ArgumentParser
import StokerCore

/// `stoker drill`: a failure made on purpose, measured and recorded.
struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Break a backend on purpose, measure what clients notice, and keep the record.",
        discussion: """
            A drill asks before it does anything. It is refused when it would leave a model with fewer healthy backends
            than drills.min_healthy, while another one runs, and for a process that gets no requests. The fault ends in
            every case, also when this command or the control plane dies in the middle.

            EXAMPLES
              stoker drill kill deepseek-a                       # asks first
              stoker drill hang deepseek-a --for 20s --under-load 50 --yes
              stoker drill drain deepseek-a --under-load 0       # real traffic only
              stoker drill site deepseek-a,deepseek-b
              stoker drill report --html drills.html
              stoker drill report --failovers

            EXIT CODES
              0 passed, 1 failed, 2 refused or no daemon
            """,
        subcommands: [
            DrillKillCommand.self, DrillHangCommand.self, DrillDrainCommand.self, DrillSiteCommand.self,
            DrillReportCommand.self,
        ])
}

/// `stoker drill kill`.
struct DrillKillCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "SIGKILL to a process, as a crash or the OOM killer would do it.")

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: DrillOptions

    func run(_ client: ControlClient) async throws { try await options.carryOut(.kill, client) }
}

/// `stoker drill hang`.
struct DrillHangCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "hang", abstract: "Stop a process with SIGSTOP for a while, as a driver or a disk that hangs.")

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: DrillOptions

    func run(_ client: ControlClient) async throws { try await options.carryOut(.hang, client) }
}

/// `stoker drill drain`.
struct DrillDrainCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Take a backend out of the routing table for a while.")

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: DrillOptions

    func run(_ client: ControlClient) async throws { try await options.carryOut(.drain, client) }
}

/// `stoker drill site`.
struct DrillSiteCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "site",
        abstract: "Lose several processes at once, named with commas: SIGKILL to ours, the others out of the table.")

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: DrillOptions

    func run(_ client: ControlClient) async throws { try await options.carryOut(.site, client) }
}
