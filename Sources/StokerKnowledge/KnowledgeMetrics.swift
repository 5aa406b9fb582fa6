import StokerCore
package import StokerMetrics

/// What the service says of itself: the families `stoker_knowledge_*` that keyword search can feed.
package struct KnowledgeMetrics: Sendable {
    /// Why a search or a write failed, as the label `reason`.
    package enum Reason: String, CaseIterable, Sendable {
        case badRequest = "bad_request"
        case overloaded
        case storage
        case closing
    }

    /// Answers `/metrics`.
    let endpoint: MetricsEndpoint
    private let registry: MetricsRegistry
    /// One store a process; the label is there for the day when there are more.
    private static let store = "default"
    private static let mode = "keyword"

    private let queries: Counter
    private let queryErrors: LabelledCases<Reason, Counter>
    private let emptyResults: Counter
    private let queryDuration: Histogram
    private let results: Histogram
    private let ingested: Counter
    private let ingestFailures: LabelledCases<Reason, Counter>
    private let lastIngest: Gauge

    package init(registry: MetricsRegistry, clock: MetricsClock = .system) throws(MetricsError) {
        self.registry = registry
        endpoint = MetricsEndpoint(registry: registry, startedAt: clock.wall())
        queries = try registry.counter(
            "stoker_knowledge_queries_total", help: "Searches, failed ones too.", labels: ["store", "mode"]
        ).with(Self.store, Self.mode)
        queryErrors = try registry.counter(
            "stoker_knowledge_query_errors_total", help: "Searches without an answer.", labels: ["store", "reason"]
        ).each(Reason.self, after: Self.store)
        emptyResults = try registry.counter(
            "stoker_knowledge_empty_results_total", help: "Searches that found nothing.", labels: ["store"]
        ).with(Self.store)
        queryDuration = try registry.histogram(
            "stoker_knowledge_query_duration_seconds", help: "Whole search, as the service sees it.",
            labels: ["store", "mode"], buckets: .fast
        ).with(Self.store, Self.mode)
        results = try registry.histogram(
            "stoker_knowledge_results", help: "Results of a search.", labels: ["store"], buckets: .count
        ).with(Self.store)
        ingested = try registry.counter(
            "stoker_knowledge_ingest_documents_total", help: "Documents stored, new or replaced.", labels: ["store"]
        ).with(Self.store)
        ingestFailures = try registry.counter(
            "stoker_knowledge_ingest_failures_total", help: "Write requests that failed.", labels: ["store", "reason"]
        ).each(Reason.self, after: Self.store)
        lastIngest = try registry.gauge(
            "stoker_knowledge_last_ingest_success_timestamp_seconds", help: "When a document was last stored.",
            labels: ["store"]
        ).with(Self.store)
    }

    /// Adds the sizes of a store, read at each scrape.
    package func watch(_ store: KnowledgeStore) {
        registry.collect("knowledge_store") { scrape in
            let sizes = store.fileSizes
            let label: KeyValuePairs = ["store": Self.store]
            scrape.gauge(
                "stoker_knowledge_documents", help: "Documents in the store.", label,
                value: Double(store.documentCount))
            scrape.gauge(
                "stoker_knowledge_database_bytes", help: "Size of the database file.", label,
                value: Double(sizes.database))
            scrape.gauge(
                "stoker_knowledge_wal_bytes", help: "Size of its write-ahead log.", label, value: Double(sizes.log))
        }
    }

    func searched(found count: Int, in duration: Duration) {
        queries.increment()
        queryDuration.observe(duration)
        results.observe(Double(count))
        if count == 0 { emptyResults.increment() }
    }

    func searchFailed(_ error: KnowledgeError) {
        queries.increment()
        queryErrors[Reason(error.code)].increment()
    }

    func stored(_ count: Int, at time: Timestamp) {
        ingested.increment(by: count)
        lastIngest.set(time.seconds)
    }

    func storingFailed(_ error: KnowledgeError) { ingestFailures[Reason(error.code)].increment() }
}

extension KnowledgeMetrics.Reason {
    fileprivate init(_ code: KnowledgeError.Code) {
        switch code {
        case .overloaded: self = .overloaded
        case .closing: self = .closing
        case .storage, .cannotOpen: self = .storage
        case .badRequest, .notFound, .methodNotAllowed, .tooLarge: self = .badRequest
        }
    }
}
