import StokerMetrics

/// The metric families about attempts at a backend.
package struct BackendFamilies: Sendable {
    let upstreamDuration: HistogramFamily
    let upstreamErrors: CounterFamily
    let retries: CounterFamily
    let seams: CounterFamily
    let streamStalls: CounterFamily
    let ejections: CounterFamily
    let sparings: CounterFamily
    let panics: CounterFamily
    let upstreamRequests: CounterFamily

    /// Registers the families.
    init(_ registry: MetricsRegistry) throws(MetricsError) {
        upstreamDuration = try registry.histogram(
            "stoker_gateway_upstream_duration_seconds", help: "One attempt.", labels: ["backend"], buckets: .endToEnd)
        upstreamErrors = try registry.counter(
            "stoker_gateway_upstream_errors_total", help: "Attempts that failed.", labels: ["backend", "reason"])
        retries = try registry.counter(
            "stoker_gateway_retries_total", help: "Retries sent.", labels: ["backend", "reason"])
        seams = try registry.counter(
            "stoker_gateway_seams_total", help: "Streams continued elsewhere after this backend failed.",
            labels: ["backend", "reason"])
        streamStalls = try registry.counter(
            "stoker_gateway_stream_stalls_total", help: "Gaps within answers above the stall limit.",
            labels: ["backend", "phase"])
        ejections = try registry.counter(
            "stoker_gateway_ejections_total", help: "How often a backend left the rotation by its failures.",
            labels: ["backend", "reason"])
        sparings = try registry.counter(
            "stoker_gateway_ejections_denied_total",
            help: "Bad answers of a backend that stayed because it is the last one.", labels: ["backend"])
        panics = try registry.counter(
            "stoker_gateway_panic_requests_total",
            help: "Attempts at a backend that is out of rotation, because nobody else is in.", labels: ["backend"])
        upstreamRequests = try registry.counter(
            "stoker_gateway_upstream_requests_total", help: "Attempts answered, retries included.",
            labels: ["backend", "code"])
    }
}
