import ArgumentParser
import StokerLoad

/// The generator's own means, and its part among several.
struct LoadMachineOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Event loops, each a thread. Default: half the processors, at most 8.", valueName: "n"))
    var threads: String?

    @Option(
        help: ArgumentHelp(
            "Offer the i-th of n parts of the plan; give all n machines the same seed.", valueName: "i/n"))
    var shard: String?

    @Option(
        help: ArgumentHelp(
            "Wait until then: 2026-11-26T12:00:00Z or seconds since 1970.", valueName: "time"))
    var startAt: String?
}
