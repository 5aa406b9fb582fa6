package import StokerMetrics

/// A run as Prometheus reads it, while it lasts: the whole page from one snapshot, so that its numbers agree.
///
/// Names and buckets are those of the gateway with another prefix, so that one query shape serves both sides of a test.
package struct LoadExposition: Sendable {
    private let model: String
    private let snapshot: LoadSnapshot

    /// - Parameter model: what is asked for; the one label that a run knows beforehand.
    package init(_ snapshot: LoadSnapshot, model: String) {
        self.snapshot = snapshot
        self.model = model
    }

    package var families: MetricsSnapshot { MetricsSnapshot(families: counters + latencies + state) }

    private var total: Tally.Part { snapshot.tally.total }

    private var counters: [MetricsSnapshot.Family] {
        [
            MetricsSnapshot.Family(
                name: "stoker_load_requests_total", help: "Finished requests by how they ended, warm-up left out.",
                kind: .counter, labels: ["model", "outcome"], series: outcomes),
            counter("stoker_load_good_requests_total", "Requests that kept every bound of the objective.", total.good),
            counter("stoker_load_input_tokens_total", "Prompt tokens, as the server counted.", total.inputTokens),
            counter("stoker_load_output_tokens_total", "Generated tokens.", total.outputTokens),
            counter("stoker_load_received_bytes_total", "Bytes of answers.", total.bytes),
            counter("stoker_load_connections_total", "Connections made.", snapshot.tally.client.connections),
        ]
    }

    /// All outcomes, also those that have not come, so that `increase()` sees the first.
    private var outcomes: [MetricsSnapshot.Series] {
        Outcome.allCases.map(\.rawValue).sorted().map { name in
            let count = Outcome(rawValue: name).flatMap { total.outcomes[$0] } ?? 0
            return MetricsSnapshot.Series(labels: [model, name], value: .number(Double(count)))
        }
    }

    private var latencies: [MetricsSnapshot.Family] {
        [
            histogram(
                "stoker_load_time_to_first_token_seconds", "First token, from the intended send time.", .ttft, .ttft),
            histogram(
                "stoker_load_time_per_output_token_seconds", "Streams only: (last token - first) / (tokens - 1).",
                .tpot, .tpot),
            histogram(
                "stoker_load_request_duration_seconds", "Last token, from the intended send time.", .e2e, .endToEnd),
            histogram(
                "stoker_load_send_lag_seconds", "How late requests were sent: the generator's own honesty.", .sendLag,
                .lag),
        ]
    }

    private var state: [MetricsSnapshot.Family] {
        [
            gauge("stoker_load_requests_in_flight", "Requests under way.", Double(snapshot.inFlight)),
            gauge(
                "stoker_load_users", "Users of a closed loop that have begun; 0 in an open loop.",
                Double(snapshot.users)),
            gauge("stoker_load_elapsed_seconds", "Time since the run began.", Double(snapshot.elapsed) / 1e9),
        ]
    }

    private func counter(_ name: String, _ help: String, _ value: Int) -> MetricsSnapshot.Family {
        family(name, help, .counter, .number(Double(value)))
    }

    private func gauge(_ name: String, _ help: String, _ value: Double) -> MetricsSnapshot.Family {
        family(name, help, .gauge, .number(value))
    }

    private func histogram(
        _ name: String, _ help: String, _ measure: Measure, _ buckets: Buckets
    ) -> MetricsSnapshot.Family {
        family(name, help, .histogram, .histogram(total.latencies[measure].distribution(buckets)))
    }

    private func family(
        _ name: String, _ help: String, _ kind: MetricsSnapshot.Kind, _ value: MetricsSnapshot.Value
    ) -> MetricsSnapshot.Family {
        MetricsSnapshot.Family(
            name: name, help: help, kind: kind, labels: ["model"], series: [.init(labels: [model], value: value)])
    }
}

extension LatencyHistogram {
    /// The same counts in Prometheus' buckets; a value within a thousandth of an edge may fall to either side.
    func distribution(_ buckets: Buckets) -> MetricsSnapshot.Distribution {
        let below = buckets.edges.map { count - count(above: Nanoseconds($0 * 1e9)) } + [count]
        let counts = below.indices.map { UInt64(clamping: below[$0] - ($0 > 0 ? below[$0 - 1] : 0)) }
        return MetricsSnapshot.Distribution(
            edges: buckets.edges, counts: counts, sum: Double(mean ?? 0) / 1e9 * Double(count))
    }
}
