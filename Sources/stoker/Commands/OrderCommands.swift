import ArgumentParser
import StokerAdmin
import StokerCore

/// `stoker start`.
struct StartCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start processes that are stopped or were given up.",
        discussion: OrderOptions.discussion(
            examples: """
                  stoker start deepseek-a                    # returns when it is ready
                  stoker start deepseek-a --no-wait
                  stoker start deepseek-a --timeout 30m      # a large model on a slow disk
                """))

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: OrderOptions

    func run(_ client: ControlClient) async throws { try await options.carryOut(.start, client) }
}

/// `stoker stop`.
struct StopCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop processes, and keep them stopped.",
        discussion: OrderOptions.discussion(
            examples: """
                  stoker stop deepseek-a                     # its requests finish, SIGTERM, the grace, SIGKILL
                  stoker stop deepseek-a deepseek-b
                  stoker stop deepseek-a --now               # does not wait for its requests
                """))

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: OrderOptions

    @Flag(help: "Do not wait for what is in flight at them.")
    var now = false

    func run(_ client: ControlClient) async throws { try await options.carryOut(now ? .stopNow : .stop, client) }
}

/// `stoker restart`.
struct RestartCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Stop processes and start them again.",
        discussion: OrderOptions.discussion(
            examples: """
                  stoker restart deepseek-a                  # its requests finish; returns when it is ready again
                  stoker restart gateway                     # a new one takes over, the old one finishes its streams
                  stoker restart knowledge --json
                """))

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var options: OrderOptions

    @Flag(help: "Do not wait for what is in flight at them.")
    var now = false

    func run(_ client: ControlClient) async throws {
        try await options.carryOut(now ? .restartNow : .restart, client)
    }
}

/// `stoker drain`.
struct DrainCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Send processes no new requests; they stay up and finish what they have.",
        discussion: """
            Holds until --undo, or until the process is started anew. The last backend of a model is drained only with
            --force: its clients get 503 then.

            EXAMPLES
              stoker drain deepseek-a                    # returns at once
              stoker drain deepseek-a --wait             # returns when nothing is in flight at it
              stoker drain deepseek-a --timeout 10m      # waits that long at most
              stoker drain deepseek-a --undo             # back into rotation

            EXIT CODES
              0 done, 1 requests are still in flight at the timeout, 2 no such process, refused, or no daemon
            """)

    @OptionGroup var daemon: DaemonOption

    @Argument(help: "Names of processes.", completion: .custom { _, _, _ in DaemonOption.processNames() })
    var names: [String]

    @Flag(help: "Put them back into rotation.")
    var undo = false

    @Flag(help: "Wait until nothing is in flight at them.")
    var wait = false

    @Option(help: ArgumentHelp("Wait so long at most.", valueName: "duration"), transform: OrderOptions.duration)
    var timeout: Duration?

    @Flag(help: "Even if nobody is left to serve a model.")
    var force = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run(_ client: ControlClient) async throws {
        var options = OrderOptions()
        options.names = names
        options.json = json
        options.timeout = timeout ?? .seconds(600)
        options.wait = undo || wait || timeout != nil
        try await options.carryOut(undo ? .undrain : force ? .drainAnyway : .drain, client)
    }
}

/// What orders have in common: to whom, and whether to wait for the result.
struct OrderOptions: ParsableArguments {
    private static let pollInterval = Duration.milliseconds(100)

    @Argument(help: "Names of processes.", completion: .custom { _, _, _ in DaemonOption.processNames() })
    var names: [String]

    @Flag(inversion: .prefixedNo, help: "Wait for the result and print it.")
    var wait = true

    @Option(
        help: ArgumentHelp("How long to wait at most.", valueName: "duration"),
        transform: duration)
    var timeout = Duration.seconds(600)

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Sendable static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(text: text) else {
            throw ValidationError("\(text) is not a duration; write 30s, 10m or 2h")
        }
        return duration
    }

    static func discussion(examples: String) -> String {
        """
        EXAMPLES
        \(examples)

        EXIT CODES
          0 done, 1 not done, 2 no such process or no daemon
        """
    }

    /// Gives the order to each, then waits until each has a result.
    func carryOut(_ order: ProcessOrder, _ client: ControlClient) async throws {
        let before = try await client.status().processes
        for name in names { try await client.order(order, process: name) }
        guard wait else { return report(names.map { Result(process: $0, outcome: .taken, detail: "order taken") }) }
        let watches = names.compactMap { name in
            before.first { $0.name == name }.map { (name, OrderWatch(order, before: $0)) }
        }
        let results = try await results(of: watches, client)
        if json { report(results) }
        if results.contains(where: { $0.outcome != .done }) { throw ExitCode(1) }
    }

    private func results(of watches: [(String, OrderWatch)], _ client: ControlClient) async throws -> [Result] {
        let clock = ContinuousClock()
        let start = clock.now
        var open = watches
        var results: [Result] = []
        while !open.isEmpty {
            let status = try await client.status()
            let isOver = clock.now - start >= timeout
            open.removeAll { name, watch in
                let verdict = watch.verdict(status.processes.first { $0.name == name }, at: status.now)
                guard let result = Result(name, verdict, isOver: isOver, after: clock.now - start) else { return false }
                if !json { report([result]) }
                results.append(result)
                return true
            }
            if !open.isEmpty { try await clock.sleep(for: Self.pollInterval) }
        }
        return results
    }

    private func report(_ results: [Result]) {
        if json { return (try? Terminal.writeJSON(results, pretty: true)) ?? () }
        for result in results { Terminal.write(result.line(Terminal.style)) }
    }

    /// What came of the order for one process.
    private struct Result: Encodable {
        enum Outcome: String, Encodable {
            case taken, done, failed, timeout
        }

        var process: String
        var outcome: Outcome
        var detail: String

        init(process: String, outcome: Outcome, detail: String) {
            self.process = process
            self.outcome = outcome
            self.detail = detail
        }

        /// nil while there is none.
        init?(_ process: String, _ verdict: OrderWatch.Verdict, isOver: Bool, after elapsed: Duration) {
            let time = "after \(elapsed.milliseconds / 100 / 10).\(elapsed.milliseconds / 100 % 10) s"
            switch verdict {
            case .reached(let text): self.init(process: process, outcome: .done, detail: "\(text) \(time)")
            case .failed(let text): self.init(process: process, outcome: .failed, detail: "\(text) \(time)")
            case .waiting(let text):
                guard isOver else { return nil }
                self.init(process: process, outcome: .timeout, detail: "still \(text) \(time)")
            }
        }

        func line(_ style: TextStyle) -> String {
            let tone: Tone = outcome == .done ? .good : outcome == .taken ? .plain : .bad
            return
                "\(style.paint(SafeText.escaped(process), .strong)): \(style.paint(SafeText.escaped(detail), tone))\n"
        }
    }
}
