import ArgumentParser
import StokerCore
import StokerHost
import StokerSimulator
import UnixSignals

/// `stoker simulate`: stand-in engines with known timing and faults.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Serve a simulated engine: known timing, faults on demand, text without meaning.",
        discussion: """
            Speaks OpenAI's chat and text completions, streamed or whole, and the own paths, health and metrics of the
            engine that it imitates. The text is a function of the prompt, equal for all replicas; asked to continue its
            own text after any character, the simulator says what it would have said without the break.

            Faults are turned on by --fault, by a scenario file, by POST to /simulator/faults, or for one request by the
            header X-Simulator-Fault. /simulator/state and /simulator/requests say what it has seen. docs/simulator.md
            lists them all.

            EXAMPLES
              stoker simulate --model deepseek-r1
              stoker simulate --model m --listen 127.0.0.1:9002 --ttft lognormal:300ms,80ms --itl 20ms --slots 8
              stoker simulate --model m --dialect llama.cpp --listen 127.0.0.1:9001-9100
              stoker simulate --model m --fault 'cut after=5 every=10'
              curl 127.0.0.1:9001/simulator/faults -d '{"fault": "hang", "for": "5s"}'

            EXIT CODES
              0 ended by SIGTERM or ctrl-C, 2 cannot start: the line on standard error says why
            """)

    @Option(
        help: ArgumentHelp("Where to listen; a range of ports is an engine for each.", valueName: "host:port[-port]"),
        transform: Self.range)
    var listen = ListenRange(Endpoint(host: "127.0.0.1", port: 9001))

    @Option(help: "The model's name; requests for another one get 404.")
    var model: String

    @Option(help: "Whose ways it imitates: vllm, sglang, llama.cpp or ollama.")
    var dialect = SimulatorDialect.vllm.rawValue

    @OptionGroup(title: "Timing") var timing: SimulatedTiming
    @OptionGroup(title: "Answers") var answers: SimulatedAnswers
    @OptionGroup(title: "Capacity") var capacity: SimulatedCapacity
    @OptionGroup(title: "Faults") var faults: SimulatedFaults

    func validate() throws {
        guard SimulatorDialect(rawValue: dialect) != nil else {
            let known = SimulatorDialect.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--dialect is '\(dialect)'; known: \(known)")
        }
    }

    func run() async throws {
        var options = SimulatorOptions(model: model)
        options.dialect = SimulatorDialect(rawValue: dialect) ?? .vllm
        timing.apply(to: &options)
        answers.apply(to: &options)
        capacity.apply(to: &options)
        try faults.apply(to: &options)
        do throws(SimulatorError) {
            let server = try await SimulatorServer.start(options, on: listen, loops: capacity.loops)
            Refusal.note("simulate", "\(SimulatorServer.warning); serves \(model) as \(dialect) on \(address(server))")
            await Self.untilSignal()
            await server.stop()
        } catch {
            // Who holds it is what a person must know next.
            let holder = error.takenPort.flatMap { PortHolder.of(port: $0) }
            throw Refusal.of("simulate", error.message + (holder.map { "; it is held by \($0)" } ?? ""))
        }
    }

    private func address(_ server: SimulatorServer) -> String {
        let first = Endpoint(host: listen.host, port: UInt16(clamping: server.port)).text
        guard let last = server.ports.last, server.ports.count > 1 else { return "http://\(first)" }
        return "http://\(first) to port \(last)"
    }

    /// Returns on SIGTERM or SIGINT.
    private static func untilSignal() async {
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { return }
    }

    private static func range(_ text: String) throws -> ListenRange {
        guard let range = ListenRange(text: text) else {
            throw ValidationError("'\(text)' is no address; write 127.0.0.1:9001, [::1]:9001 or 127.0.0.1:9001-9100")
        }
        return range
    }
}
