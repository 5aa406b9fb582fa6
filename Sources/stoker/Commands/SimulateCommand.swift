import ArgumentParser
import StokerCore
import StokerSimulator
import UnixSignals

/// `stoker simulate`: a stand-in engine with known timing.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Serve a simulated engine: known timing, text without meaning.",
        discussion: """
            Speaks OpenAI's chat and text completions, streamed or whole, and vLLM's /health, /v1/models, /version and
            /metrics. The text is a function of the prompt, equal for all replicas; asked to continue its own text after
            any character, the simulator says what it would have said without the break.

            EXAMPLES
              stoker simulate --model deepseek-r1
              stoker simulate --model deepseek-r1 --listen 127.0.0.1:9002 --ttft 300ms --itl 20ms --tokens 200 --slots 8
              curl -N 127.0.0.1:9001/v1/completions -d '{"prompt": "Hello", "stream": true}'

            EXIT CODES
              0 ended by SIGTERM or ctrl-C, 2 cannot start: the line on standard error says why
            """)

    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"), transform: Self.endpoint)
    var listen = Endpoint(host: "127.0.0.1", port: 9001)

    @Option(help: "The model's name; requests for another one get 404.")
    var model: String

    @Option(help: ArgumentHelp("Time to first token.", valueName: "duration"), transform: Self.duration)
    var ttft = Duration.milliseconds(50)

    @Option(help: ArgumentHelp("Time from token to token.", valueName: "duration"), transform: Self.duration)
    var itl = Duration.milliseconds(10)

    @Option(help: "Words of an answer, 1 to 1000000; max_tokens may ask for fewer.")
    var tokens = 16

    @Option(
        help: ArgumentHelp("How long it pretends to load: /health is 503 until then.", valueName: "duration"),
        transform: Self.duration)
    var startup = Duration.zero

    @Option(help: "Requests that run at once, more wait; 0 is no bound.")
    var slots = 0

    @Option(help: "Whose ways it imitates: vllm.")
    var dialect = SimulatorDialect.vllm.rawValue

    func validate() throws {
        guard (1...SimulatorOptions.maxTokens).contains(tokens) else {
            throw ValidationError("--tokens is \(tokens); it must be 1 to \(SimulatorOptions.maxTokens)")
        }
        guard (0...1_000_000).contains(slots) else {
            throw ValidationError("--slots is \(slots); it must be 0 to 1000000")
        }
        guard SimulatorDialect(rawValue: dialect) != nil else {
            let known = SimulatorDialect.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--dialect is '\(dialect)'; known: \(known)")
        }
    }

    func run() async throws {
        let options = SimulatorOptions(
            model: model, timeline: Timeline(firstToken: ttft, interval: itl), tokens: tokens, startup: startup,
            slots: slots, dialect: SimulatorDialect(rawValue: dialect) ?? .vllm)
        do throws(SimulatorError) {
            let server = try await SimulatorServer.start(options, on: listen)
            let address = Endpoint(host: listen.host, port: UInt16(clamping: server.port)).text
            Refusal.note("simulate", "\(SimulatorServer.warning); serves \(model) on http://\(address)")
            await Self.untilSignal()
            await server.stop()
        } catch {
            throw Refusal.of("simulate", error.message)
        }
    }

    /// Returns on SIGTERM or SIGINT.
    private static func untilSignal() async {
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { return }
    }

    private static func endpoint(_ text: String) throws -> Endpoint {
        guard let endpoint = Endpoint(text: text) else {
            throw ValidationError("'\(text)' is no address; write 127.0.0.1:9001 or [::1]:9001")
        }
        return endpoint
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(text: text) else {
            throw ValidationError("'\(text)' is no duration; write 250ms, 5s or 1m")
        }
        return duration
    }
}
