import StokerCore
package import StokerMetrics

/// The metric families that the gateway feeds; names and labels as in docs/metrics.md.
package struct GatewayMetrics: Sendable {
    let requests: CounterFamily
    let inFlight: GaugeFamily
    let duration: HistogramFamily
    let timeToFirstToken: HistogramFamily
    let timePerOutputToken: HistogramFamily
    let interTokenLatency: ShardedHistogramFamily
    let queueWait: HistogramFamily
    let attempts: HistogramFamily
    let outcomes: CounterFamily
    let streamStalls: CounterFamily
    let seams: CounterFamily
    let unsavedStreams: CounterFamily
    let keepAliveComments: CounterFamily
    let inputTokens: CounterFamily
    let cachedInputTokens: CounterFamily
    let outputTokens: CounterFamily
    let requestInputTokens: HistogramFamily
    let requestOutputTokens: HistogramFamily
    let shed: CounterFamily
    let clientDisconnects: CounterFamily
    let upstreamRequests: CounterFamily
    let upstreamErrors: CounterFamily
    let upstreamDuration: HistogramFamily
    let retries: CounterFamily
    let retriesDenied: CounterFamily
    let ejections: CounterFamily
    let sparings: CounterFamily
    let panics: CounterFamily
    let connections: GaugeFamily
    let lag: HistogramFamily
    let rejected: CounterFamily

    /// The label value of a model that no table names: clients must not be able to make series.
    static let unknownModel = "_other"

    /// Registers the families.
    package init(_ registry: MetricsRegistry) throws(MetricsError) {
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
        seams = try registry.counter(
            "stoker_gateway_seams_total", help: "Streams continued elsewhere after this backend failed.",
            labels: ["backend", "reason"])
        unsavedStreams = try registry.counter(
            "stoker_gateway_unsaved_streams_total", help: "Broken streams that could not be continued.",
            labels: ["reason"])
        keepAliveComments = try registry.counter(
            "stoker_gateway_keep_alive_comments_total", help: "Comments sent to clients while a backend was silent.")
        requests = try registry.counter(
            "stoker_gateway_requests_total", help: "Finished client requests.",
            labels: ["route", "model", "variant", "code"])
        inFlight = try registry.gauge(
            "stoker_gateway_requests_in_flight", help: "Open client requests.", labels: ["route"])
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
        streamStalls = try registry.counter(
            "stoker_gateway_stream_stalls_total", help: "Gaps within answers above the stall limit.",
            labels: ["backend", "phase"])
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
        shed = try registry.counter(
            "stoker_gateway_shed_requests_total", help: "Requests refused without asking a backend.", labels: ["reason"]
        )
        clientDisconnects = try registry.counter(
            "stoker_gateway_client_disconnects_total", help: "Clients that left before their answer was whole.",
            labels: ["phase"])
        upstreamRequests = try registry.counter(
            "stoker_gateway_upstream_requests_total", help: "Attempts answered, retries included.",
            labels: ["backend", "code"])
        upstreamErrors = try registry.counter(
            "stoker_gateway_upstream_errors_total", help: "Attempts that failed.", labels: ["backend", "reason"])
        upstreamDuration = try registry.histogram(
            "stoker_gateway_upstream_duration_seconds", help: "One attempt.", labels: ["backend"], buckets: .endToEnd)
        retries = try registry.counter(
            "stoker_gateway_retries_total", help: "Retries sent.", labels: ["backend", "reason"])
        retriesDenied = try registry.counter(
            "stoker_gateway_retries_denied_total", help: "Failed attempts that were not retried.", labels: ["reason"])
        ejections = try registry.counter(
            "stoker_gateway_ejections_total", help: "How often a backend left the rotation by its failures.",
            labels: ["backend", "reason"])
        sparings = try registry.counter(
            "stoker_gateway_ejections_denied_total",
            help: "Bad answers of a backend that stayed because it is the last one.", labels: ["backend"])
        panics = try registry.counter(
            "stoker_gateway_panic_requests_total",
            help: "Attempts at a backend that is out of rotation, because nobody else is in.", labels: ["backend"])
        connections = try registry.gauge(
            "stoker_gateway_connections", help: "Open client connections.", labels: ["listener"])
        rejected = try registry.counter(
            "stoker_gateway_rejected_requests_total", help: "Requests that broke HTTP's rules or a limit.",
            labels: ["reason"])
        lag = try registry.histogram(
            "stoker_event_loop_lag_seconds", help: "Delay of a timer tick.", labels: ["loop"], buckets: .lag)
    }

    /// Adds the gauges that are read from the table in force at each scrape.
    package static func collectBackends(
        _ registry: MetricsRegistry, table: @escaping @Sendable () -> CompiledTable
    ) {
        registry.collect("gateway_backends") { scrape in
            let table = table()
            for backend in table.backends {
                scrape.gauge(
                    "stoker_gateway_backend_share_ratio", help: "Part of what falls to others that it gets.",
                    ["backend": backend.route.name], value: Double(backend.cell.share) / Double(Balancer.fullShare))
            }
            for model in table.models.values {
                for place in model.tiers.joined() {
                    scrape.gauge(
                        "stoker_gateway_backend_up", help: "1 when in rotation.",
                        ["backend": table.backends[place].route.name, "model": model.route.name],
                        value: table.isUsable(place) ? 1 : 0)
                }
            }
        }
    }

    /// Adds the gauges of the lines in which requests wait.
    package static func collectQueues(
        _ registry: MetricsRegistry, table: @escaping @Sendable () -> CompiledTable
    ) {
        registry.collect("gateway_queues") { scrape in
            for model in table().models.values {
                let labels: KeyValuePairs = ["queue": model.route.name]
                scrape.gauge(
                    "stoker_gateway_queue_depth", help: "Requests that wait for a backend with room.", labels,
                    value: Double(model.admission.depth))
                scrape.gauge(
                    "stoker_gateway_queue_capacity", help: "How many may wait.", labels,
                    value: Double(model.route.queue.size))
            }
        }
    }

    /// Adds the gauge of the certificate in force; none for a listener without TLS.
    package static func collectCertificate(
        _ registry: MetricsRegistry, table: @escaping @Sendable () -> CompiledTable
    ) {
        registry.collect("gateway_certificate") { scrape in
            guard let expiry = table().security.expiry else { return }
            scrape.gauge(
                "stoker_gateway_tls_certificate_expiry_seconds",
                help: "When the certificate that clients are shown ends, Unix time; 0 when none can be used.", [:],
                value: Double(expiry))
        }
    }
}
