import ArgumentParser
import StokerLoad

/// Which requests are good, and which runs.
struct LoadObjectiveOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "What makes a request good, in milliseconds: ttft:2000 tpot:80 e2el:30000 (vLLM's names).",
            valueName: "measure:ms"))
    var goodput: [String] = []

    @Option(
        help: ArgumentHelp("The same by name: mlperf-deepseek-r1, mlperf-deepseek-r1-interactive.", valueName: "name"))
    var slo: String?

    @Option(
        help: ArgumentHelp(
            "What the run must meet, else exit 99: 'p99(ttft)<2s', 'errors.rate<1%', 'goodput>10'; may be repeated.",
            valueName: "condition"))
    var threshold: [String] = []

    @Option(help: ArgumentHelp("End early with exit 4: 'errors.rate>20% for 10s'.", valueName: "condition"))
    var abortOn: String?

    var order: ObjectiveOrder {
        var order = ObjectiveOrder()
        order.goodput = goodput
        order.slo = slo
        order.thresholds = threshold
        order.abortOn = abortOn
        return order
    }
}
