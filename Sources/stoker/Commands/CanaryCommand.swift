import ArgumentParser
import StokerAdmin
import StokerCore

/// `stoker canary`.
struct CanaryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "canary",
        abstract: "Give some clients a new version of a model, more as it proves itself, or none again.",
        discussion: """
            The backends under models.NAME.canary get a share of the clients, always the same ones, in steps. What fails
            there is answered by stable, and counted against the canary: one that is worse is rolled back by itself. See
            docs/failover.md for the test.

            EXAMPLES
              stoker canary start deepseek-r1                            # 40 %, 70 %, then all
              stoker canary start deepseek-r1 --steps 10,25,50,100 --hold 30m
              stoker canary status
              stoker canary promote deepseek-r1                          # the next step now
              stoker canary abort deepseek-r1
            """,
        subcommands: [
            CanaryStartCommand.self, CanaryStatusCommand.self, CanaryPromoteCommand.self, CanaryAbortCommand.self,
        ])
}

/// `stoker canary start`.
struct CanaryStartCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Begin to send clients of a model to its canary.",
        discussion: """
            EXIT CODES
              0 it runs, 2 refused or no daemon
            """)

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: CanaryOptions

    @Option(
        help: ArgumentHelp("One of the model's canaries; may be given again. Default: all.", valueName: "name"),
        completion: .custom { _, _, _ in DaemonOption.processNames() })
    var backend: [String] = []

    @Option(
        help: ArgumentHelp("Shares in per cent, ascending. Default: 40,70,100.", valueName: "list"),
        transform: CanaryOptions.steps)
    var steps: [Int] = CanaryOrder.defaultSteps

    @Option(
        help: ArgumentHelp("How long a step lasts at least. Default: 2m.", valueName: "duration"),
        transform: CanaryOptions.hold)
    var hold = CanaryOrder.defaultHold

    @Option(
        name: .customLong("min-requests"),
        help: ArgumentHelp("First attempts on the canary that a step sees at least.", valueName: "count"))
    var minRequests = CanaryOrder.defaultMinRequests

    func run(_ client: ControlClient) async throws {
        let order = CanaryOrder(backends: backend, steps: steps, hold: hold, minRequests: minRequests)
        try options.show(try await client.canary(CanaryRequest(.start, model: options.model, order: order)))
    }
}

/// `stoker canary promote`.
struct CanaryPromoteCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Go on with the next step of a canary now.",
        discussion: """
            EXIT CODES
              0 done, 2 no canary runs or no daemon
            """)

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: CanaryOptions

    @Flag(help: "Give it all clients at once.")
    var all = false

    func run(_ client: ControlClient) async throws {
        try options.show(try await client.canary(CanaryRequest(.promote, model: options.model, toEnd: all)))
    }
}

/// `stoker canary abort`.
struct CanaryAbortCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "Give all clients of a model back to stable, also after a promotion.",
        discussion: """
            EXIT CODES
              0 done, 2 no canary runs or no daemon
            """)

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: CanaryOptions

    func run(_ client: ControlClient) async throws {
        try options.show(try await client.canary(CanaryRequest(.abort, model: options.model)))
    }
}

/// `stoker canary status`.
struct CanaryStatusCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what canaries have shown, and what comes next.",
        discussion: """
            EXIT CODES
              0 none was rolled back, 1 one was, 2 no such model or no daemon
            """)

    @OptionGroup var daemon: DaemonOption

    @Argument(help: "A model. Default: all that have a canary.")
    var model: String?

    @Flag(help: "Print the result as JSON; shares are per mille.")
    var json = false

    func run(_ client: ControlClient) async throws {
        var canaries = try await client.canaries()
        if let model {
            canaries = canaries.filter { $0.model == model }
            guard !canaries.isEmpty else { throw Refusal.of("canary status", "\(model) has no canary in the config") }
        }
        if json {
            try Terminal.writeJSON(CanaryPage(canaries: canaries), pretty: true)
        } else {
            Terminal.write(CanaryScreen(canaries).rendered(Terminal.style))
        }
        if canaries.contains(where: { $0.state == "rolled-back" }) { throw ExitCode(1) }
    }
}

/// What the orders have in common.
struct CanaryOptions: ParsableArguments {
    @Argument(help: "The model.")
    var model: String

    @Flag(help: "Print the result as JSON; shares are per mille.")
    var json = false

    func show(_ status: CanaryStatus) throws {
        if json { return try Terminal.writeJSON(status, pretty: true) }
        Terminal.write(CanaryScreen([status]).rendered(Terminal.style))
    }

    static func steps(_ text: String) throws -> [Int] {
        do {
            return try CanaryOrder.steps(text: text)
        } catch {
            throw ValidationError("\(error.message); write \(error.hint ?? "10,25,50,100")")
        }
    }

    static func hold(_ text: String) throws -> Duration {
        guard let hold = Duration(text: text) else {
            throw ValidationError("\(text) is not a duration; write 30s, 10m or 2h")
        }
        return hold
    }
}
