import ArgumentParser
import FoundationEssentials
import StokerCore
import StokerSimulator

/// When the simulated tokens come.
struct SimulatedTiming: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Time to first token: a duration, normal:MEAN,DEVIATION, lognormal:MEAN,DEVIATION or bimodal:A,B,SHARE-OF-B.",
            valueName: "latency"),
        transform: Self.latency)
    var ttft = LatencyModel.constant(.milliseconds(50))

    @Option(help: ArgumentHelp("Time from token to token, like --ttft.", valueName: "latency"), transform: Self.latency)
    var itl = LatencyModel.constant(.milliseconds(10))

    @Option(
        help: ArgumentHelp("Added to the first token by each uncached token of the prompt.", valueName: "duration"),
        transform: Self.duration)
    var prefill = Duration.zero

    @Option(help: "How many times slower it is with all slots full, 1 to 1000.")
    var slowdown = 1.0

    @Option(
        help: ArgumentHelp("How long it pretends to load: /health is 503 until then.", valueName: "duration"),
        transform: Self.duration)
    var startup = Duration.zero

    @Option(help: "Equal seeds and prompts give equal times.")
    var seed: UInt64 = 0

    func validate() throws {
        guard (1...1000).contains(slowdown) else {
            throw ValidationError("--slowdown is \(slowdown); it must be 1 to 1000")
        }
    }

    func apply(to options: inout SimulatorOptions) {
        options.firstToken = ttft
        options.interval = itl
        options.prefill = prefill
        options.slowdown = slowdown
        options.startup = startup
        options.seed = seed
    }

    private static func latency(_ text: String) throws -> LatencyModel {
        guard let model = LatencyModel(text: text) else {
            throw ValidationError("'\(text)' is no latency; write \(LatencyModel.forms)")
        }
        return model
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(text: text) else {
            throw ValidationError("'\(text)' is no duration; write 250ms, 5s or 1m")
        }
        return duration
    }
}

/// What a simulated answer is made of.
struct SimulatedAnswers: ParsableArguments {
    @Option(help: "Words of an answer, 1 to 1000000; max_tokens may ask for fewer.")
    var tokens = 16

    @Option(help: "Words of reasoning before a chat's answer, 0 to 1000000.")
    var reasoning = 0

    @Option(help: "Tokens in one event, 1 to 1000.")
    var tokensPerEvent = 1

    @Option(help: "Events in one write, 1 to 1000.")
    var eventsPerWrite = 1

    @Option(help: "When the counts are sent: asked, always or never.")
    var usage = SimulatorOptions.Usage.asked.rawValue

    @Flag(help: "Each event says when it was sent: stoker_sent_ns, nanoseconds of CLOCK_MONOTONIC.")
    var stamp = false

    func validate() throws {
        try check("--tokens", tokens, 1...SimulatorOptions.maxTokens)
        try check("--reasoning", reasoning, 0...SimulatorOptions.maxTokens)
        try check("--tokens-per-event", tokensPerEvent, 1...1000)
        try check("--events-per-write", eventsPerWrite, 1...1000)
        guard SimulatorOptions.Usage(rawValue: usage) != nil else {
            throw ValidationError("--usage is '\(usage)'; known: asked, always, never")
        }
    }

    func apply(to options: inout SimulatorOptions) {
        options.tokens = tokens
        options.reasoningTokens = reasoning
        options.tokensPerEvent = tokensPerEvent
        options.eventsPerWrite = eventsPerWrite
        options.usage = SimulatorOptions.Usage(rawValue: usage) ?? .asked
        options.stamps = stamp
    }
}

/// How much the simulated engine carries.
struct SimulatedCapacity: ParsableArguments {
    @Option(help: "Requests that run at once, more wait; 0 is no bound.")
    var slots = 0

    @Option(help: "Requests that may wait; one more is refused as the engine does it. No bound unless given.")
    var queue: Int?

    @Option(help: "KV memory in tokens, for running requests and the prefix cache; 0 is no bound and no cache.")
    var kvTokens = 0

    @Option(help: "Event loops that the engines of a port range are dealt to, 1 to 64; an engine lives on one.")
    var loops = 1

    func validate() throws {
        try check("--slots", slots, 0...1_000_000)
        try check("--queue", queue ?? 0, 0...1_000_000)
        try check("--kv-tokens", kvTokens, 0...100_000_000)
        try check("--loops", loops, 1...64)
    }

    func apply(to options: inout SimulatorOptions) {
        options.slots = slots
        options.queue = queue
        options.kvTokens = kvTokens
    }
}

/// What goes wrong with the simulated engine.
struct SimulatedFaults: ParsableArguments {
    /// Of a scenario file.
    private static let maxBytes = 4 << 20

    @Option(
        help: ArgumentHelp("A fault from the start on, such as 'cut after=5 every=10'.", valueName: "fault"),
        transform: Self.fault)
    var fault: [Fault] = []

    @Option(
        help: ArgumentHelp(
            "Faults with their times, one JSON object a line: {\"at\": \"5s\", \"for\": \"3s\", \"fault\": \"hang\"}.",
            valueName: "file"))
    var scenario: String?

    func apply(to options: inout SimulatorOptions) throws {
        options.faults = fault
        guard let scenario else { return }
        guard let bytes = FileManager.default.contents(atPath: scenario), bytes.count <= Self.maxBytes else {
            throw Refusal.of("simulate", "cannot read \(scenario), or it is larger than 4 MiB")
        }
        do throws(FaultError) {
            options.scenario = try Scenario(text: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw Refusal.of("simulate", "\(scenario): \(error.message)")
        }
    }

    private static func fault(_ text: String) throws -> Fault {
        do throws(FaultError) {
            return try FaultFields(text: text).fault()
        } catch {
            throw ValidationError(error.message)
        }
    }
}

/// Refuses a number outside of its bounds, in one line.
private func check(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
        throw ValidationError("\(option) is \(value); it must be \(range.lowerBound) to \(range.upperBound)")
    }
}
