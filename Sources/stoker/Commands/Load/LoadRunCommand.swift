import ArgumentParser
import StokerLoad

/// `stoker load run`: one load, one report.
struct LoadRunCommand: LoadSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Offer one load and report.",
        discussion: """
            --users is a closed loop: each user waits for its answer, thinks, and asks again. --request-rate is an open
            loop: requests come whatever the server does, as a public does. Ctrl-C ends the run and reports what was
            measured; twice ends it at once.

            EXAMPLES
              stoker load run --users 2000 --spawn-rate 50 --think-time exp:5s -d 5m
              stoker load run --request-rate 12 --arrival poisson -d 10m --warmup 1m
              stoker load run --stage 1m:100 --stage 5m:2000 --think-time exp:5s
              stoker load run -R 8 --slo mlperf-deepseek-r1 --threshold 'p99(ttft)<2s' --threshold 'errors.rate<1%'
              stoker load run -c 32 -n 1000 --dataset sharegpt --dataset-path sharegpt.json -o report
              stoker load run -u http://127.0.0.1:9001/ping --endpoint-type http -c 8 -d 10s

            EXIT CODES
              0 fine, 1 no request succeeded, 2 usage, 3 the measurement is INVALID, 4 ended by --abort-on,
              99 thresholds not met, 130 interrupted
            """)

    @OptionGroup(title: "Target") var target: LoadTargetOptions
    @OptionGroup(title: "Shape of the load") var shape: LoadShapeOptions
    @OptionGroup(title: "Time") var time: LoadTimeOptions
    @OptionGroup(title: "Requests") var work: LoadWorkOptions
    @OptionGroup(title: "Objective") var objective: LoadObjectiveOptions
    @OptionGroup(title: "Output") var output: LoadOutputOptions
    @OptionGroup(title: "Generator") var machine: LoadMachineOptions

    func perform() async throws(LoadError) -> LoadExit {
        let writer = try LoadOutput(output)
        let planning = LoadPlanning(
            target: target, work: work, time: time, objective: objective, machine: machine,
            maxConcurrency: shape.maxConcurrency, onCap: shape.onCap)
        let plan = try await planning.plan(try shape.order.arrival())
        let job = LoadJob(plan: plan, output: output, objective: objective.order, startAt: machine.startAt)
        let result = try await job.run()
        try writer.write(result.report, log: result.log)
        return LoadExit(rawValue: result.report.exitStatus) ?? .ok
    }
}
