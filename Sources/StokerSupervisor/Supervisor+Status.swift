package import StokerCore

/// What others see.
extension Supervisor {
    /// The processes as they are now, in the order of the plan.
    package func statuses() -> [ProcessStatus] { names.compactMap { entries[$0].map(status(of:)) } }

    /// The statuses after each change, for as long as `run` runs; each access is a new stream.
    ///
    /// Who reads slowly misses what is between, never the newest.
    package var changes: AsyncStream<[ProcessStatus]> { broadcast.listen() }

    private func status(of entry: Entry) -> ProcessStatus {
        let (plan, report) = (entry.machine.plan, entry.report)
        let usage = report.identity.flatMap { metrics?.usage($0) }
        return ProcessStatus(
            name: plan.name, kind: plan.kind, engine: plan.engine, state: report.state, since: entry.since,
            reason: report.reason, pid: report.identity?.pid, restarts: report.restarts,
            lastExit: report.lastExit?.text, address: plan.endpoint?.url, managed: plan.isManaged,
            residentBytes: usage?.residentBytes, cpuSeconds: usage?.cpuSeconds,
            lastStartSeconds: report.lastStart?.inSeconds)
    }
}

extension Supervisor {
    /// Timers that belong to nothing any machine waits for, and sleepers beyond need: always none.
    ///
    /// For the simulation, which asks after each of its steps.
    package func leaks() -> [String] {
        timers.all.compactMap { timer in
            let held = entries[timer.process]?.machine.state.tickets ?? []
            return held.contains(timer.ticket) ? nil : "a timer of \(timer.process) that nobody waits for"
        }
    }
}
