import StokerCore

extension MetricsRegistry {
    /// All metrics now.
    ///
    /// Runs the collectors, never waits for a writer.
    ///
    /// - Parameter deadline: a moment of the registry's monotonic clock after which no further collector is begun.
    package func snapshot(deadline: Duration? = nil) -> MetricsSnapshot {
        var found: [String: MetricsSnapshot.Family] = [:]
        for family in families { found[family.openName] = family.read() }
        for collector in collectors {
            if let deadline, clock.monotonic() >= deadline {
                collector.skip()
                continue
            }
            collector.run(clock: clock) { (families) throws(MetricsError) in try add(families, to: &found) }
        }
        describeItself(in: &found)
        return MetricsSnapshot(families: Array(found.values))
    }

    /// Takes in what one collector gave, all of it or nothing.
    private func add(
        _ families: [MetricsSnapshot.Family], to found: inout [String: MetricsSnapshot.Family]
    ) throws(MetricsError) {
        for family in families where found[family.openName] != nil { throw .duplicate(family.name) }
        let present = found.values.reduce(0) { $0 + $1.seriesCount }
        if families.reduce(present, { $0 + $1.seriesCount }) > budget.limit {
            throw .badSample(metric: families.first?.name ?? "", reason: "no room for more series")
        }
        for family in families { found[family.openName] = family }
    }

    /// Adds what the registry knows about itself.
    ///
    /// A registered family of the same name keeps its place.
    private func describeItself(in found: inout [String: MetricsSnapshot.Family]) {
        var scrape = Scrape()
        describeCollectors(in: &scrape)
        for family in families {
            if !family.labels.isEmpty {
                scrape.counter(
                    "stoker_metrics_series_dropped_total", help: "Label sets folded into _other at the limit.",
                    ["component": component, "metric": family.name], value: Double(family.refusedSeries))
            }
            if family.kind != .gauge {
                scrape.counter(
                    "stoker_metrics_observations_dropped_total",
                    help: "Negative, infinite and NaN observations that were refused.",
                    ["component": component, "metric": family.name], value: Double(family.rejectedObservations))
            }
        }
        let collected = found.values.reduce(0) { $0 + $1.seriesCount } + scrape.seriesCount + 1
        scrape.gauge(
            "stoker_metrics_series", help: "Series on the last page.", ["component": component],
            value: Double(collected))
        for family in (try? scrape.finished()) ?? [] where found[family.openName] == nil {
            found[family.openName] = family
        }
    }

    private func describeCollectors(in scrape: inout Scrape) {
        for collector in collectors {
            let report = collector.report
            let labels: KeyValuePairs = ["component": component, "collector": collector.name]
            scrape.counter(
                "stoker_collector_errors_total", help: "Failed runs of each collector.", labels,
                value: Double(report.errors))
            if let duration = report.duration {
                scrape.gauge(
                    "stoker_collector_duration_seconds", help: "How long the last run took.", labels,
                    value: duration.inSeconds)
            }
            if let success = report.lastSuccess {
                scrape.gauge(
                    "stoker_collector_last_success_timestamp_seconds", help: "When the collector last worked.", labels,
                    value: success.seconds)
            }
        }
    }
}

extension MetricsSnapshot.Family {
    /// How many series a scraper stores for it.
    package var seriesCount: Int {
        series.reduce(0) { total, series in
            guard case .histogram(let distribution) = series.value else { return total + 1 }
            return total + distribution.counts.count + 2
        }
    }
}
