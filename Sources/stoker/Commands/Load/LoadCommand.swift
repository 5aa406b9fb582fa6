import ArgumentParser

/// `stoker load`: offers load and measures what users would feel.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Offer load to an engine or gateway, and measure what users would feel.",
        discussion: """
            Latency counts from when a request was due, so that a server that stalls cannot hide it by being asked less.
            Every report says whether the generator itself kept up (VALID, SUSPECT, INVALID); see docs/load.md.

            EXAMPLES
              stoker load run --users 50 --duration 1m                       # a first look at the gateway's first model
              stoker load run --request-rate 12 --slo mlperf-deepseek-r1 -o report
              stoker load sweep --users 1..500 --objective 'p99(ttft)<2s'    # how many users does it take?
              stoker load selftest                                           # is the instrument right?
            """,
        subcommands: [
            LoadRunCommand.self, LoadSweepCommand.self, LoadReplayCommand.self, LoadCompareCommand.self,
            LoadReportCommand.self, LoadSelftestCommand.self,
        ])
}
