import StokerLoad

extension Samples {
    /// Ten requests a second for five minutes.
    static func plan(
        arrival: Arrival = .rate(
            RateArrival(stages: [Stage(duration: 0, level: 10)], spacing: .poisson)),
        duration: Nanoseconds? = 300 * second, warmUp: Nanoseconds = 0, model: String = "deepseek-r1",
        objective: Objective = Objective(), capacity: CapacityPlan = CapacityPlan()
    ) -> LoadPlan {
        LoadPlan(
            target: LoadTarget(host: "gw", port: 8080, path: "/v1/chat/completions", endpoint: .chat, model: model),
            arrival: arrival, stop: StopRule(duration: duration, warmUp: warmUp),
            workload: WorkloadPlan(
                dataset: .synthetic(SyntheticPrompts(inputTokens: .constant(100), outputTokens: .constant(11)))),
            capacity: capacity, objective: objective, seed: 812_773)
    }

    static func run(ending: RunFacts.Ending = .complete) -> RunFacts {
        RunFacts(
            id: "7f3a", command: "stoker load --rate 10", startedAt: "2026-11-26T12:00:00Z", version: "1.0",
            machine: RunFacts.Machine(host: "lab", kernel: "6.1.0", processor: "x86", clockSource: "tsc"),
            ending: ending)
    }

    static func report(
        _ tally: Tally = tally(), plan: LoadPlan = plan(), run: RunFacts = run(), thresholds: [String] = []
    ) throws -> LoadReport {
        ReportBuilder.build(tally, plan: plan, run: run, thresholds: try thresholds.map { try Threshold(parsing: $0) })
    }

    /// The report of `tally()`, made once.
    static let whole = ReportBuilder.build(tally(), plan: plan(), run: run())
}
