import ArgumentParser

/// The one binary.
struct StokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stoker",
        abstract: "Keeps the engines lit: the control plane of a self-hosted LLM and its knowledge base.",
        discussion: """
            Start everything that a config names, and watch it:

              stoker run -c stoker.yaml

            Ask the running control plane, from another terminal:

              stoker status -c stoker.yaml
              stoker events -c stoker.yaml --follow

            Exit codes: 0 fine, 1 the answer is bad news, 2 usage or config error.
            """,
        version: Version.text, subcommands: [GatewayCommand.self],
        groupedSubcommands: [
            CommandGroup(name: "Run", subcommands: [RunCommand.self, CheckCommand.self]),
            CommandGroup(
                name: "Look",
                subcommands: [StatusCommand.self, TopCommand.self, EventsCommand.self, LogsCommand.self]),
            CommandGroup(
                name: "Act",
                subcommands: [
                    StartCommand.self, StopCommand.self, RestartCommand.self, DrainCommand.self, ReloadCommand.self,
                    CanaryCommand.self, DrillCommand.self,
                ]),
            CommandGroup(name: "Measure", subcommands: [LoadCommand.self]),
            CommandGroup(name: "Serve", subcommands: [KnowledgeCommand.self, SimulateCommand.self]),
        ])
}
