import ArgumentParser
import StokerLoad

/// `stoker load replay`: what others recorded, at its own times.
struct LoadReplayCommand: LoadSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Offer a recorded trace at its recorded times.",
        discussion: """
            An open loop: requests come when they came then. A trace has lengths and not texts; prompts are made up, and
            equal blocks of Mooncake's traces become equal texts, so that a prefix cache finds what it found.

            EXAMPLES
              stoker load replay --trace conversation_trace.jsonl --format mooncake --speedup 2 --window 0s:5m
              stoker load replay --trace BurstGPT_1.csv --format burstgpt --slo mlperf-deepseek-r1 -o report

            EXIT CODES
              as stoker load run
            """)

    @Option(help: ArgumentHelp("The file.", valueName: "path"), completion: .file())
    var trace: String

    @Option(help: ArgumentHelp("Whose form it has: mooncake, burstgpt or azure.", valueName: "form"))
    var format: String

    @Option(help: ArgumentHelp("2 plays it in half the time. Default: 1.", valueName: "n"))
    var speedup: String?

    @Option(help: ArgumentHelp("Only this part, in recorded time: 0s:5m.", valueName: "from:to"))
    var window: String?

    @Option(help: ArgumentHelp("Most requests in flight. Default: no bound.", valueName: "n"))
    var maxConcurrency: String?

    @Option(help: ArgumentHelp("What a request does that is due at the cap: queue or drop.", valueName: "what"))
    var onCap: String?

    @OptionGroup(title: "Target") var target: LoadTargetOptions
    @OptionGroup(title: "Time") var time: LoadTimeOptions
    @OptionGroup(title: "Requests") var work: LoadWorkOptions
    @OptionGroup(title: "Objective") var objective: LoadObjectiveOptions
    @OptionGroup(title: "Output") var output: LoadOutputOptions
    @OptionGroup(title: "Generator") var machine: LoadMachineOptions

    func perform() async throws(LoadError) -> LoadExit {
        let writer = try LoadOutput(output)
        let form = try Asked(format, flag: "--format").word(of: TraceFile.Format.self)
        var part = TimeWindow()
        if let window { part = try TimeWindow(text: window, flag: "--window") }
        var speed = 1.0
        if let speedup { speed = try Asked(speedup, flag: "--speedup").number(upTo: 10_000, try: "2") }
        let replay = try LoadFiles.trace(form, path: trace).replay(speedUp: speed, window: part)
        let planning = LoadPlanning(
            target: target, work: work, time: time, objective: objective, machine: machine,
            maxConcurrency: maxConcurrency, onCap: onCap)
        let plan = try await planning.plan(replay.arrival, dataset: replay.dataset)
        let job = LoadJob(plan: plan, output: output, objective: objective.order, startAt: machine.startAt)
        let result = try await job.run()
        try writer.write(result.report, log: result.log)
        return LoadExit(rawValue: result.report.exitStatus) ?? .ok
    }
}
