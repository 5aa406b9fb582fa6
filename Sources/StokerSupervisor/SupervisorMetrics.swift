import StokerCore
import StokerHost
package import StokerMetrics
import Synchronization

/// The supervisor's metrics: `stoker_supervisor_*`, one set of series for each process.
///
/// A process that restarts keeps its series; one that leaves the plan loses them.
package final class SupervisorMetrics: Sendable {
    private let usage: UsageReader
    private let registry: MetricsRegistry
    private let restarts: CounterFamily
    private let oomKills: CounterFamily
    private let checks: CounterFamily
    private let checkFailures: CounterFamily
    private let checkDuration: HistogramFamily
    /// What the collector shows at each scrape.
    private let rows = Mutex<[String: ProcessRow]>([:])

    /// Registers the families; a registry can have one supervisor.
    package init(
        _ registry: MetricsRegistry, usage: @escaping UsageReader = ProcessTable.usage(of:)
    ) throws(MetricsError) {
        self.registry = registry
        self.usage = usage
        restarts = try registry.counter(
            "stoker_supervisor_process_restarts_total", help: "Starts after the first, by what made them necessary.",
            labels: ["process", "reason"])
        oomKills = try registry.counter(
            "stoker_supervisor_process_oom_kills_total", help: "Ends by the kernel's OOM killer.", labels: ["process"])
        checks = try registry.counter(
            "stoker_supervisor_health_checks_total", help: "Probes that were answered or given up.", labels: ["process"]
        )
        checkFailures = try registry.counter(
            "stoker_supervisor_health_check_failures_total",
            help: "Probes that failed; while a process loads, its startup probe fails in good order.",
            labels: ["process", "reason"])
        checkDuration = try registry.histogram(
            "stoker_supervisor_health_check_duration_seconds", help: "Time from the question to the answer.",
            labels: ["process"], buckets: .fast)
        registry.collect("supervisor") { [weak self] scrape in
            guard let self else { return }
            let rows = shownRows
            let used = usage(rows.compactMap { $0.report?.identity })
            for row in rows { row.write(to: &scrape, used: row.report?.identity.flatMap { used[$0] }) }
        }
    }

    private var shownRows: [ProcessRow] {
        let rows = rows.withLock { $0 }.values.sorted { ($0.rank, $0.plan.name) < ($1.rank, $1.plan.name) }
        return Array(Dictionary(rows.map { ($0.publicName, $0) }, uniquingKeysWith: { $1 }).values)
    }

    /// The instruments of one process; all its series exist from now on.
    func process(_ plan: ProcessPlan) -> ProcessMetrics {
        rows.withLock { $0[plan.name] = ProcessRow(plan) }
        let name = ProcessPlan.publicName(of: plan.name)
        return ProcessMetrics(
            name: plan.name, owner: self, restarts: restarts.each(RestartReason.self, after: name),
            oomKills: oomKills.with(name), checks: checks.with(name),
            checkFailures: checkFailures.each(ProbeFailureReason.self, after: name),
            checkDuration: checkDuration.with(name))
    }

    /// The process has left the plan.
    func forget(_ name: String) {
        let isLast = rows.withLock { rows in
            rows[name] = nil
            return !rows.values.contains { $0.publicName == ProcessPlan.publicName(of: name) }
        }
        guard isLast else { return }
        for family in [restarts, oomKills, checks, checkFailures] { family.remove(label: "process", value: name) }
        checkDuration.remove(label: "process", value: name)
    }

    fileprivate func update(_ name: String, _ change: (inout ProcessRow) -> Void) {
        rows.withLock { rows in
            guard var row = rows[name] else { return }
            change(&row)
            rows[name] = row
        }
    }
}

/// The instruments of one process.
struct ProcessMetrics: Sendable {
    let name: String
    let owner: SupervisorMetrics
    let restarts: LabelledCases<RestartReason, Counter>
    let oomKills: Counter
    let checks: Counter
    let checkFailures: LabelledCases<ProbeFailureReason, Counter>
    let checkDuration: Histogram

    func noteRestart(_ reason: RestartReason) { restarts[reason].increment() }

    func note(_ exit: ProcessExit) {
        if exit.outOfMemory == true { oomKills.increment() }
    }

    func note(_ result: ProbeResult) {
        checks.increment()
        checkDuration.observe(result.total)
        guard let failure = result.failure else { return }
        checkFailures[ProbeFailureReason(rawValue: failure.reason) ?? .other].increment()
    }

    func note(_ plan: ProcessPlan) { owner.update(name) { $0.plan = plan } }

    func note(_ report: ProcessMachine.Report, since: Timestamp) {
        owner.update(name) { row in
            row.report = report
            row.since = since
        }
    }
}

/// The values of the label `reason` of failed probes, so that all exist from the first scrape.
enum ProbeFailureReason: String, Sendable, CaseIterable {
    case timeout, connect, status, exit, other
}
