import StokerCore
package import StokerMetrics

/// The metric families that the gateway feeds; names and labels as in docs/metrics.md.
package struct GatewayMetrics: Sendable {
    let requests: RequestFamilies
    let backends: BackendFamilies
    let inFlight: GaugeFamily
    let unsavedStreams: CounterFamily
    let keepAliveComments: CounterFamily
    let shed: CounterFamily
    let clientDisconnects: CounterFamily
    let retriesDenied: CounterFamily
    let connections: GaugeFamily
    let lag: HistogramFamily
    let rejected: CounterFamily

    /// The label value of a model that no table names: clients must not be able to make series.
    static let unknownModel = "_other"

    /// Registers the families.
    package init(_ registry: MetricsRegistry) throws(MetricsError) {
        requests = try RequestFamilies(registry)
        backends = try BackendFamilies(registry)
        inFlight = try registry.gauge(
            "stoker_gateway_requests_in_flight", help: "Open client requests.", labels: ["route"])
        unsavedStreams = try registry.counter(
            "stoker_gateway_unsaved_streams_total", help: "Broken streams that could not be continued.",
            labels: ["reason"])
        keepAliveComments = try registry.counter(
            "stoker_gateway_keep_alive_comments_total", help: "Comments sent to clients while a backend was silent.")
        shed = try registry.counter(
            "stoker_gateway_shed_requests_total", help: "Requests refused without asking a backend.", labels: ["reason"]
        )
        clientDisconnects = try registry.counter(
            "stoker_gateway_client_disconnects_total", help: "Clients that left before their answer was whole.",
            labels: ["phase"])
        retriesDenied = try registry.counter(
            "stoker_gateway_retries_denied_total", help: "Failed attempts that were not retried.", labels: ["reason"])
        connections = try registry.gauge(
            "stoker_gateway_connections", help: "Open client connections.", labels: ["listener"])
        lag = try registry.histogram(
            "stoker_event_loop_lag_seconds", help: "Delay of a timer tick.", labels: ["loop"], buckets: .lag)
        rejected = try registry.counter(
            "stoker_gateway_rejected_requests_total", help: "Requests that broke HTTP's rules or a limit.",
            labels: ["reason"])
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
