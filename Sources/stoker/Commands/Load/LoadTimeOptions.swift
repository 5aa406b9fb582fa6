import ArgumentParser
import StokerLoad

/// When a run ends, and how long its requests may take.
struct LoadTimeOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How long. Default: 30s, or as long as the stages take.", valueName: "time"))
    var duration: String?

    @Option(
        name: [.customShort("n"), .long, .customLong("requests")],
        help: ArgumentHelp("End after so many requests.", valueName: "n"))
    var numPrompts: String?

    @Option(help: ArgumentHelp("Sent and not measured at the beginning; part of --duration.", valueName: "time"))
    var warmup: String?

    @Option(help: ArgumentHelp("What requests under way at the end may still take. Default: 30s.", valueName: "time"))
    var grace: String?

    @Option(help: ArgumentHelp("Longest request. Default: 10m.", valueName: "time"))
    var timeout: String?

    @Option(help: ArgumentHelp("Longest wait for the first token.", valueName: "time"))
    var ttftTimeout: String?

    @Option(help: ArgumentHelp("Longest silence within an answer.", valueName: "time"))
    var idleTimeout: String?

    @Option(help: ArgumentHelp("Longest wait for a connection. Default: 5s.", valueName: "time"))
    var connectTimeout: String?

    var stop: StopOrder {
        var order = StopOrder()
        order.duration = duration
        order.requests = numPrompts
        order.warmUp = warmup
        order.grace = grace
        return order
    }

    var deadlines: DeadlineOrder {
        var order = DeadlineOrder()
        order.connect = connectTimeout
        order.firstToken = ttftTimeout
        order.idle = idleTimeout
        order.total = timeout
        return order
    }
}
