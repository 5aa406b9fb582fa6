package import StokerCore

/// The GPUs of this machine as metrics: `stoker_gpu_*`. What a card did not say has no series, and what is no longer
/// true has none either: it is never shown as zero.
package enum GPUMetrics {
    /// No way to GPUs has an answer of now: the collector `gpu` then counts as failed, which an alert can see.
    package struct Silence: Error, CustomStringConvertible {
        package var description: String
    }

    /// Adds them to a registry. Both functions are called at each scrape and must not wait for a driver.
    package static func collect(
        into registry: MetricsRegistry, report: @escaping @Sendable () -> GPUReport,
        xids: @escaping @Sendable () -> XidTally
    ) {
        registry.collect("gpu") { scrape in
            let report = report()
            if let source = report.sources.first(where: { $0.state == .silent || $0.state == .unavailable }),
                !report.sources.contains(where: { $0.state == .fresh })
            {
                throw Silence(description: source.reason ?? "no answer")
            }
            for reading in report.present { GPUSeries(reading).write(to: &scrape) }
        }
        registry.collect("gpu-sources") { scrape in
            write(report(), to: &scrape)
            write(xids(), to: &scrape)
        }
    }

    private static func write(_ report: GPUReport, to scrape: inout Scrape) {
        // While a way hangs, nobody knows how many there are.
        if report.sources.allSatisfy({ $0.state == .fresh || $0.state == .unavailable }) {
            scrape.gauge(
                "stoker_gpu_devices", help: "GPUs that answer.", value: Double(report.present.count))
        }
        scrape.gauge(
            "stoker_gpu_devices_expected", help: "Most GPUs that were seen at once since the start.",
            value: Double(report.expected))
        for source in report.sources {
            let labels: KeyValuePairs = ["source": source.source.rawValue]
            scrape.gauge(
                "stoker_gpu_source_up", help: "1 if the last answer of this way to GPUs is of now.", labels,
                value: source.state == .fresh ? 1 : 0)
            scrape.counter(
                "stoker_gpu_source_errors_total", help: "Values that could not be read, and answers that were none.",
                labels, value: Double(source.errors))
            if let last = source.lastAnswer {
                scrape.gauge(
                    "stoker_gpu_source_last_success_timestamp_seconds", help: "When it last answered.", labels,
                    value: last.seconds)
            }
        }
    }

    private static func write(_ tally: XidTally, to scrape: inout Scrape) {
        for entry in tally.entries {
            let labels: KeyValuePairs = [
                "gpu": entry.gpu.name, "uuid": entry.gpu.uuid,
                "xid": entry.code == XidTally.otherCode ? LabelValue.other : "\(entry.code)",
            ]
            scrape.counter(
                "stoker_gpu_xid_errors_total", help: "Faults that NVIDIA's driver reported, by their number.", labels,
                value: Double(entry.count))
            if let last = entry.last {
                scrape.gauge(
                    "stoker_gpu_xid_last_timestamp_seconds", help: "When this fault was last reported.", labels,
                    value: last.seconds)
            }
        }
    }
}
