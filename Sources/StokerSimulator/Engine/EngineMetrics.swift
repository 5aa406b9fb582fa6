import StokerMetrics

/// An engine's metrics under the names of its dialect, as far as the simulator has something to say.
///
/// The names of engines hold a colon, which our registry refuses for good reasons (it is reserved for recording rules).
/// So they are registered as `vllm_…` and renamed in the snapshot.
struct EngineMetrics: Sendable {
    /// Why a request ended, as vLLM counts it.
    enum Finish: String, CaseIterable, Sendable {
        case stop, length, abort
    }

    /// What the page tells of this moment.
    struct Moment {
        var running = 0
        var waiting = 0
        /// Share of the KV memory that running requests hold.
        var kvUsage = 0.0
    }

    private let registry = MetricsRegistry(component: "simulator")
    private let prefix: String
    private let running: Gauge?
    private let waiting: Gauge?
    private let kvUsage: Gauge?
    private let hitRate: Gauge?
    private let promptTokens: Counter?
    private let generationTokens: Counter?
    private let cacheQueries: Counter?
    private let cacheHits: Counter?
    private let finished: LabelledCases<Finish, Counter>?
    private let requests: Counter?
    private let aborted: Counter?
    private let promptSeconds: Counter?
    private let generationSeconds: Counter?
    private let decodes: Counter?
    private let promptRate: Gauge?
    private let generationRate: Gauge?
    private let busySlots: Gauge?
    private let firstToken: Histogram?
    private let interToken: Histogram?
    private let endToEnd: Histogram?
    private let queueTime: Histogram?

    init(model: String, dialect: SimulatorDialect) throws(MetricsError) {
        // Ollama counts under vLLM's names, and shows no page.
        let names = MetricNames.of(dialect, model: model) ?? .of(.vllm, model: model)
        let registry = registry
        let maker = names.map { Maker(registry: registry, names: $0) }
        prefix = names?.prefix ?? ""
        running = try maker?.gauge(names?.running, "Requests that get tokens.")
        waiting = try maker?.gauge(names?.waiting, "Requests that wait for a slot.")
        kvUsage = try maker?.gauge(names?.kvUsage, "Share of the KV memory in use.")
        hitRate = try maker?.gauge(names?.hitRate, "Share of the prompts' tokens that the prefix cache held.")
        promptTokens = try maker?.counter(names?.promptTokens, "Words of prompts.")
        generationTokens = try maker?.counter(names?.generationTokens, "Words said.")
        cacheQueries = try maker?.counter(names?.cacheQueries, "Words looked up in the prefix cache.")
        cacheHits = try maker?.counter(names?.cacheHits, "Words found in the prefix cache.", names?.hitSource)
        finished = try maker?.finishes(names?.finished)
        requests = try maker?.counter(names?.requests, "Requests taken up.")
        aborted = try maker?.counter(names?.aborted, "Requests whose client went away.")
        promptSeconds = try maker?.counter(names?.promptSeconds, "Time until first words.")
        generationSeconds = try maker?.counter(names?.generationSeconds, "Time from first words to last ones.")
        decodes = try maker?.counter(names?.decodes, "Steps of decoding.")
        promptRate = try maker?.gauge(names?.promptRate, "Words of prompts a second.")
        generationRate = try maker?.gauge(names?.generationRate, "Words a second.")
        busySlots = try maker?.gauge(names?.busySlots, "Slots that a step of decoding serves.")
        firstToken = try maker?.histogram(names?.firstToken, "From request to first word.", \.firstToken)
        interToken = try maker?.histogram(names?.interToken, "From word to word.", \.interToken)
        endToEnd = try maker?.histogram(names?.endToEnd, "From request to last word.", \.endToEnd)
        queueTime = try maker?.histogram(names?.queueTime, "Wait for a slot.", \.endToEnd)
    }

    // MARK: - What happens; times are nanoseconds

    func started(waited: Int64, prompt: Int, cached: Int) {
        requests?.increment()
        queueTime?.observe(Self.seconds(waited))
        promptTokens?.increment(by: prompt)
        cacheQueries?.increment(by: prompt)
        cacheHits?.increment(by: cached)
        if let promptTokens, let cacheHits { hitRate?.set(cacheHits.value / max(1, promptTokens.value)) }
    }

    /// One event with its tokens is out; `gap` is the time since the one before it, or since the request.
    func said(tokens: Int, gap: Int64, isFirst: Bool) {
        generationTokens?.increment(by: tokens)
        decodes?.increment()
        if isFirst {
            firstToken?.observe(Self.seconds(gap))
            promptSeconds?.increment(by: Self.seconds(gap))
        } else {
            interToken?.observe(Self.seconds(gap))
            generationSeconds?.increment(by: Self.seconds(gap))
        }
    }

    /// The whole of an unstreamed answer is out.
    func saidWhole(tokens: Int, first: Int64, rest: Int64) {
        generationTokens?.increment(by: tokens)
        decodes?.increment(by: tokens)
        firstToken?.observe(Self.seconds(first))
        promptSeconds?.increment(by: Self.seconds(first))
        generationSeconds?.increment(by: Self.seconds(rest))
    }

    func ended(_ finish: Finish, after time: Int64) {
        finished?[finish].increment()
        if finish == .abort { aborted?.increment() } else { endToEnd?.observe(Self.seconds(time)) }
    }

    // MARK: - The page

    /// All values, as they are now.
    func snapshot(_ moment: Moment) -> MetricsSnapshot {
        running?.set(moment.running)
        waiting?.set(moment.waiting)
        kvUsage?.set(moment.kvUsage)
        busySlots?.set(moment.running)
        if let promptTokens, let promptSeconds { promptRate?.set(promptTokens.value / max(1e-9, promptSeconds.value)) }
        if let generationTokens, let generationSeconds {
            generationRate?.set(generationTokens.value / max(1e-9, generationSeconds.value))
        }
        var snapshot = registry.snapshot()
        // Our registry's metrics about itself are left out: no engine has them.
        snapshot.families = snapshot.families.filter { $0.name.hasPrefix(prefix + "_") }.map { family in
            var family = family
            family.name = "\(prefix):\(family.name.dropFirst(prefix.count + 1))"
            return family
        }
        return snapshot
    }

    private static func seconds(_ nanoseconds: Int64) -> Double { Double(max(0, nanoseconds)) / 1e9 }
}

/// Makes the instruments that have a name.
private struct Maker {
    let registry: MetricsRegistry
    let names: MetricNames

    private var labels: [String] { names.labels.map(\.name) }
    private var values: [String] { names.labels.map(\.value) }

    private func full(_ name: String) -> String { "\(names.prefix)_\(name)" }

    func gauge(_ name: String?, _ help: String) throws(MetricsError) -> Gauge? {
        guard let name else { return nil }
        return try registry.gauge(full(name), help: help, labels: labels).with(values)
    }

    func counter(
        _ name: String?, _ help: String, _ extra: MetricNames.Label? = nil
    ) throws(MetricsError) -> Counter? {
        guard let name else { return nil }
        let extra = extra.map { [$0] } ?? []
        return try registry.counter(full(name), help: help, labels: labels + extra.map(\.name))
            .with(values + extra.map(\.value))
    }

    func histogram(
        _ name: String?, _ help: String, _ buckets: KeyPath<EngineBuckets, Buckets>
    ) throws(MetricsError) -> Histogram? {
        guard let name else { return nil }
        return try registry.histogram(full(name), help: help, labels: labels, buckets: names.buckets[keyPath: buckets])
            .with(values)
    }

    func finishes(_ name: String?) throws(MetricsError) -> LabelledCases<EngineMetrics.Finish, Counter>? {
        guard let name, values.count == 2 else { return nil }
        return try registry.counter(
            full(name), help: "Requests by how they ended.", labels: labels + ["finished_reason"]
        ).each(EngineMetrics.Finish.self, after: values[0], values[1])
    }
}
