import StokerMetrics

/// vLLM's metrics, as far as the simulator has something to say.
///
/// vLLM's names hold a colon, which our registry refuses for good reasons (it is reserved for recording rules). So they
/// are registered as `vllm_…` and renamed in the snapshot.
struct EngineMetrics: Sendable {
    /// Why a request ended, as vLLM counts it.
    enum Finish: String, CaseIterable, Sendable {
        case stop, length, abort
    }

    private static let labels = ["model_name", "engine"]

    private let registry = MetricsRegistry(component: "simulator")
    let running: Gauge
    let waiting: Gauge
    let promptTokens: Counter
    let generationTokens: Counter
    let finished: LabelledCases<Finish, Counter>
    let firstToken: Histogram
    let interToken: Histogram
    let endToEnd: Histogram
    let queueTime: Histogram

    init(model: String) throws(MetricsError) {
        let registry = registry
        func counter(_ name: String, _ help: String) throws(MetricsError) -> Counter {
            try registry.counter("vllm_" + name, help: help, labels: Self.labels).with(model, "0")
        }
        func gauge(_ name: String, _ help: String) throws(MetricsError) -> Gauge {
            try registry.gauge("vllm_" + name, help: help, labels: Self.labels).with(model, "0")
        }
        func histogram(_ name: String, _ help: String, _ buckets: Buckets) throws(MetricsError) -> Histogram {
            try registry.histogram("vllm_" + name, help: help, labels: Self.labels, buckets: buckets).with(model, "0")
        }
        running = try gauge("num_requests_running", "Requests that get tokens.")
        waiting = try gauge("num_requests_waiting", "Requests that wait for a slot.")
        promptTokens = try counter("prompt_tokens_total", "Words of prompts.")
        generationTokens = try counter("generation_tokens_total", "Words said.")
        finished = try registry.counter(
            "vllm_request_success_total", help: "Requests by how they ended.", labels: Self.labels + ["finished_reason"]
        ).each(Finish.self, after: model, "0")
        firstToken = try histogram("time_to_first_token_seconds", "From request to first word.", .vllmFirstToken)
        interToken = try histogram("inter_token_latency_seconds", "From word to word.", .vllmInterToken)
        endToEnd = try histogram("e2e_request_latency_seconds", "From request to last word.", .vllmEndToEnd)
        queueTime = try histogram("request_queue_time_seconds", "Wait for a slot.", .vllmEndToEnd)
    }

    /// The page under vLLM's names; our registry's metrics about itself are left out, no engine has them.
    func exposition(_ format: ExpositionFormat) -> [UInt8] {
        var snapshot = registry.snapshot()
        snapshot.families = snapshot.families.filter { $0.name.hasPrefix("vllm_") }.map { family in
            var family = family
            family.name = "vllm:" + family.name.dropFirst("vllm_".count)
            return family
        }
        return snapshot.exposition(format)
    }
}

extension Buckets {
    // The edges of vLLM 0.33.0, `vllm/v1/metrics/buckets.py`.
    fileprivate static let vllmFirstToken = Buckets([
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
        2560,
    ])
    fileprivate static let vllmInterToken = Buckets([
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
    ])
    fileprivate static let vllmEndToEnd = Buckets([
        0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
    ])
}
