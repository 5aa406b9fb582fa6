import StokerMetrics

/// What a dialect calls its metrics; nil is what it does not have.
///
/// vLLM 0.33.0 `vllm/v1/metrics/loggers.py`, SGLang 0.5.23 `srt/observability/metrics_collector.py`, llama.cpp's server
/// README. Ollama has no metrics.
struct MetricNames {
    struct Label {
        var name: String
        var value: String
    }

    /// `vllm` for `vllm:num_requests_running`.
    var prefix: String
    var labels: [Label] = []
    var running: String
    var waiting: String
    var kvUsage: String?
    var hitRate: String?
    var promptTokens: String
    var generationTokens: String
    var cacheQueries: String?
    var cacheHits: String?
    /// A label that the hits have in addition.
    var hitSource: Label?
    var finished: String?
    var requests: String?
    var aborted: String?
    var promptSeconds: String?
    var generationSeconds: String?
    var decodes: String?
    var promptRate: String?
    var generationRate: String?
    var busySlots: String?
    var firstToken: String?
    var interToken: String?
    var endToEnd: String?
    var queueTime: String?
    var buckets = EngineBuckets.vllm

    /// nil: the dialect has no page.
    static func of(_ dialect: SimulatorDialect, model: String) -> MetricNames? {
        switch dialect {
        case .vllm: vllm(model)
        case .sglang: sglang(model)
        case .llamaCpp: llamaCpp
        case .ollama: nil
        }
    }

    private static func vllm(_ model: String) -> MetricNames {
        MetricNames(
            prefix: "vllm", labels: [Label(name: "model_name", value: model), Label(name: "engine", value: "0")],
            running: "num_requests_running", waiting: "num_requests_waiting", kvUsage: "kv_cache_usage_perc",
            promptTokens: "prompt_tokens_total", generationTokens: "generation_tokens_total",
            cacheQueries: "prefix_cache_queries_total", cacheHits: "prefix_cache_hits_total",
            finished: "request_success_total", firstToken: "time_to_first_token_seconds",
            interToken: "inter_token_latency_seconds", endToEnd: "e2e_request_latency_seconds",
            queueTime: "request_queue_time_seconds")
    }

    private static func sglang(_ model: String) -> MetricNames {
        MetricNames(
            prefix: "sglang",
            labels: [Label(name: "model_name", value: model), Label(name: "engine_type", value: "unified")],
            running: "num_running_reqs", waiting: "num_queue_reqs", kvUsage: "token_usage", hitRate: "cache_hit_rate",
            promptTokens: "prompt_tokens_total", generationTokens: "generation_tokens_total",
            cacheHits: "cached_tokens_total", hitSource: Label(name: "cache_source", value: "device"),
            requests: "num_requests_total", aborted: "num_aborted_requests_total",
            firstToken: "time_to_first_token_seconds", interToken: "inter_token_latency_seconds",
            endToEnd: "e2e_request_latency_seconds", queueTime: "queue_time_seconds", buckets: .sglang)
    }

    private static let llamaCpp = MetricNames(
        prefix: "llamacpp", running: "requests_processing", waiting: "requests_deferred",
        promptTokens: "prompt_tokens_total", generationTokens: "tokens_predicted_total",
        cacheHits: "prompt_tokens_cached_total", promptSeconds: "prompt_seconds_total",
        generationSeconds: "tokens_predicted_seconds_total", decodes: "n_decode_total",
        promptRate: "prompt_tokens_seconds", generationRate: "predicted_tokens_seconds",
        busySlots: "n_busy_slots_per_decode")
}

/// Edges of the histograms.
struct EngineBuckets {
    var firstToken: Buckets
    var interToken: Buckets
    var endToEnd: Buckets

    // `vllm/v1/metrics/buckets.py`
    static let vllm = EngineBuckets(
        firstToken: Buckets([
            0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
            2560,
        ]),
        interToken: Buckets([
            0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
        ]),
        endToEnd: Buckets([
            0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
        ]))

    // The first edges are SGLang's; ours are fewer in between, 24 at most.
    static let sglang = EngineBuckets(
        firstToken: Buckets([0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400]),
        interToken: Buckets([
            0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.06, 0.08, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2,
            4, 8,
        ]),
        endToEnd: Buckets([0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400, 600, 1200, 2400]))
}
