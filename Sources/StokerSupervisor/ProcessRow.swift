import StokerCore
import StokerHost
import StokerMetrics

/// What one process looks like at a scrape.
struct ProcessRow: Sendable {
    var plan: ProcessPlan
    var report: ProcessMachine.Report?
    var since = Timestamp(milliseconds: 0)

    init(_ plan: ProcessPlan) { self.plan = plan }

    /// Of gateways there may be several, of which one serves: that one's row is shown.
    var publicName: String { ProcessPlan.publicName(of: plan.name) }

    /// The higher, the more the process is what people mean by its public name.
    var rank: Int {
        switch report?.state {
        case .ready, .unready: 2
        case .waiting, .starting, .backoff, .failed: 1
        case .draining, .stopping, .stopped, nil: 0
        }
    }

    func write(to scrape: inout Scrape, used: ProcessTable.Usage?) {
        let name = publicName
        scrape.info(
            "stoker_supervisor_process_info", help: "What a process is.",
            ["process": name, "kind": plan.kind.rawValue, "engine": plan.engine?.rawValue ?? ""])
        scrape.gauge(
            "stoker_supervisor_process_start_timeout_seconds", help: "How long a start may take before it has failed.",
            ["process": name], value: plan.probes.startTimeout.inSeconds)
        guard let report else { return }
        scrape.state(
            "stoker_supervisor_process_state", help: "Where it is in its life.", ["process": name], is: report.state)
        scrape.gauge(
            "stoker_supervisor_process_state_since_timestamp_seconds", help: "When it came into its present state.",
            ["process": name], value: since.seconds)
        write(report, to: &scrape)
        if let used { write(used, to: &scrape) }
    }

    private func write(_ report: ProcessMachine.Report, to scrape: inout Scrape) {
        if let took = report.lastStart {
            scrape.gauge(
                "stoker_supervisor_process_start_duration_seconds", help: "From the last start to ready.",
                ["process": publicName], value: took.inSeconds)
        }
        if let exit = report.lastExit {
            scrape.gauge(
                "stoker_supervisor_process_last_exit_code",
                help: "Exit code of the last end; 128 and the number for a signal, -1 when nobody saw it.",
                ["process": publicName], value: Double(exit.status.number))
        }
    }

    private func write(_ used: ProcessTable.Usage, to scrape: inout Scrape) {
        scrape.counter(
            "stoker_supervisor_process_cpu_seconds_total", help: "CPU time of the process and its descendants.",
            ["process": publicName], value: used.cpuSeconds)
        scrape.gauge(
            "stoker_supervisor_process_resident_memory_bytes",
            help: "Resident memory of the process and its descendants.",
            ["process": publicName], value: Double(used.residentBytes))
    }
}
