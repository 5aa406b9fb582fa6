import StokerMetrics

/// The metric families about the requests of a model, as clients feel them.
package struct RequestFamilies: Sendable {
    let requests: CounterFamily
    let duration: HistogramFamily
    let timeToFirstToken: HistogramFamily
    let timePerOutputToken: HistogramFamily
    let interTokenLatency: ShardedHistogramFamily
    let queueWait: HistogramFamily
    let attempts: HistogramFamily
    let outcomes: CounterFamily
    let inputTokens: CounterFamily
    let cachedInputTokens: CounterFamily
    let outputTokens: CounterFamily
    let requestInputTokens: HistogramFamily
    let requestOutputTokens: HistogramFamily

    /// Registers the families.
    init(_ registry: MetricsRegistry) throws(MetricsError) {
        requests = try registry.counter(
            "stoker_gateway_requests_total", help: "Finished client requests.",
            labels: ["route", "model", "variant", "code"])
        duration = try registry.histogram(
            "stoker_gateway_request_duration_seconds", help: "From a request's first byte in to its last byte out.",
            labels: ["route", "model", "variant"], buckets: .endToEnd)
        timeToFirstToken = try registry.histogram(
            "stoker_gateway_time_to_first_token_seconds",
            help: "Streams only: from the first byte in to the first event out.",
            labels: ["model", "variant"], buckets: .ttft)
        timePerOutputToken = try registry.histogram(
            "stoker_gateway_time_per_output_token_seconds", help: "Streams only: (end to end - TTFT) / (tokens - 1).",
            labels: ["model", "variant"], buckets: .tpot)
        interTokenLatency = try registry.shardedHistogram(
            "stoker_gateway_inter_token_latency_seconds", help: "Streams only: the gaps between events.",
            labels: ["model", "variant"], buckets: .itl)
        queueWait = try registry.histogram(
            "stoker_gateway_queue_wait_seconds", help: "From a request's first byte in to its first attempt.",
            labels: ["queue"], buckets: .wait)
        attempts = try registry.histogram(
            "stoker_gateway_request_attempts", help: "How often a backend was asked for one request.",
            labels: ["model"], buckets: .attempts)
        outcomes = try registry.counter(
            "stoker_gateway_request_outcomes_total", help: "Finished client requests by how they ended.",
            labels: ["model", "outcome"])
        inputTokens = try registry.counter(
            "stoker_gateway_input_tokens_total", help: "Prompt tokens.", labels: ["model"])
        cachedInputTokens = try registry.counter(
            "stoker_gateway_cached_input_tokens_total", help: "Prompt tokens that came from a prefix cache.",
            labels: ["model"])
        outputTokens = try registry.counter(
            "stoker_gateway_output_tokens_total", help: "Generated tokens.", labels: ["model"])
        requestInputTokens = try registry.histogram(
            "stoker_gateway_request_input_tokens", help: "Prompt length.", labels: ["model"], buckets: .tokens)
        requestOutputTokens = try registry.histogram(
            "stoker_gateway_request_output_tokens", help: "Answer length.", labels: ["model"], buckets: .tokens)
    }
}
