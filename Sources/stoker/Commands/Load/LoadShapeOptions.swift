import ArgumentParser
import StokerLoad

/// How many requests, and when: a closed loop of users or an open loop at a rate.
struct LoadShapeOptions: ParsableArguments {
    @Option(
        name: [.long, .customShort("c"), .customLong("concurrency")],
        help: ArgumentHelp("Closed loop: so many users, each waiting for its answer. Default: 1.", valueName: "n"))
    var users: String?

    @Option(help: ArgumentHelp("Users that begin each second. Default: all within one second.", valueName: "n"))
    var spawnRate: String?

    @Option(
        help: ArgumentHelp(
            "Pause of a user between answer and next request: 5s, exp:5s, uniform:1s-9s.", valueName: "time"))
    var thinkTime: String?

    @Option(
        name: [.long, .customShort("R"), .customLong("rate")],
        help: ArgumentHelp("Open loop: requests a second, whatever the server does.", valueName: "n"))
    var requestRate: String?

    @Option(
        help: ArgumentHelp("Gaps of an open loop: poisson, constant or gamma. Default: poisson.", valueName: "kind"))
    var arrival: String?

    @Option(
        help: ArgumentHelp("Shape of gamma arrivals: 1 is Poisson, less is burstier (vLLM's flag).", valueName: "n"))
    var burstiness: String?

    @Option(
        help: ArgumentHelp(
            "Go to this many users (or requests a second, with --request-rate) over this time; repeat for more.",
            valueName: "time:n"))
    var stage: [String] = []

    @Option(help: ArgumentHelp("Most requests in flight of an open loop. Default: no bound.", valueName: "n"))
    var maxConcurrency: String?

    @Option(
        help: ArgumentHelp(
            "What a request does that is due at the cap: queue or drop; both are reported.", valueName: "what"))
    var onCap: String?

    var order: ArrivalOrder {
        var order = ArrivalOrder()
        order.users = users
        order.spawnRate = spawnRate
        order.thinkTime = thinkTime
        order.rate = requestRate
        order.spacing = arrival
        order.burstiness = burstiness
        order.stages = stage
        return order
    }
}
