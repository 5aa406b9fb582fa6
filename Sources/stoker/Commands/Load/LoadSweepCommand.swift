import ArgumentParser
import StokerCore
import StokerLoad

/// `stoker load sweep`: how much does it take?
struct LoadSweepCommand: LoadSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Search for the most load that a server takes within an objective.",
        discussion: """
            Doubles the load until the objective breaks, then halves what lies between. Each step is a run of --duration
            (default 30 s) of which --warmup (default 5 s) is not measured. The answer is also written to
            load/latest.json in the state directory.

            EXAMPLES
              stoker load sweep --users 1..500 --objective 'p99(ttft)<2s'
              stoker load sweep --rate 1..50 --slo mlperf-deepseek-r1 -d 2m -o sweep
              stoker load sweep --users 1,2,4,8,16,32 --input-len 2048 --output-len 256

            EXIT CODES
              0 answered, 1 not even the lowest level was within the objective, 2 usage, 3 the measurement is INVALID,
              130 interrupted
            """)

    @Option(help: ArgumentHelp("Closed loop: from..to, or levels with commas.", valueName: "range"))
    var users: String?

    @Option(
        name: [.long, .customShort("R"), .customLong("request-rate")],
        help: ArgumentHelp("Open loop, requests a second: from..to, or levels with commas.", valueName: "range"))
    var rate: String?

    @Option(help: ArgumentHelp("What must hold: 'p99(ttft)<2s'; may be repeated.", valueName: "condition"))
    var objective: [String] = []

    @Option(help: ArgumentHelp("How exact the answer is to be. Default: 5%.", valueName: "percent"))
    var resolution: String?

    @Option(help: ArgumentHelp("Pause of a user between answer and next request.", valueName: "time"))
    var thinkTime: String?

    @Option(
        help: ArgumentHelp("Gaps of an open loop: poisson, constant or gamma. Default: poisson.", valueName: "kind"))
    var arrival: String?

    @Option(
        help: ArgumentHelp("Where load/latest.json is written. Default: that of the config.", valueName: "directory"))
    var stateDir: String?

    @OptionGroup(title: "Target") var target: LoadTargetOptions
    @OptionGroup(title: "Time of a step") var time: LoadTimeOptions
    @OptionGroup(title: "Requests") var work: LoadWorkOptions
    @OptionGroup(title: "Objective of a request") var bounds: LoadObjectiveOptions
    @OptionGroup(title: "Output") var output: LoadOutputOptions
    @OptionGroup(title: "Generator") var machine: LoadMachineOptions

    func perform() async throws(LoadError) -> LoadExit {
        var order = SweepOrder()
        order.users = users
        order.rate = rate
        order.objectives = objective
        order.resolution = resolution
        let plan = try order.plan(requests: try bounds.order.objective())
        let writer = try LoadOutput(output)
        var steps = time
        steps.warmup = time.warmup ?? "5s"
        let planning = LoadPlanning(
            target: target, work: work, time: steps, objective: bounds, machine: machine, maxConcurrency: nil,
            onCap: nil)
        var job = SweepJob(plan: plan, planning: planning, output: output)
        job.thinkTime = thinkTime
        job.spacing = arrival
        let outcome = try await job.run()
        if let report = outcome.report { try writer.write(report) }
        // Last, because the answer is what people look for.
        if !writer.isJSONAlone { Terminal.write("\n" + SweepTable.text(outcome.result, Terminal.style)) }
        try LatestSweep(stateDirectory: stateDir).write(outcome.result)
        return outcome.exit
    }
}
