package import StokerCore
import StokerHost

/// What others see.
extension Supervisor {
    /// The processes as they are now, in the order of the plan, with what they use.
    package func statuses() -> [ProcessStatus] {
        let used = usage(names.compactMap { entries[$0]?.report.identity })
        return names.compactMap { name in
            guard let entry = entries[name] else { return nil }
            var status = status(of: entry)
            let usage = entry.report.identity.flatMap { used[$0] }
            status.residentBytes = usage?.residentBytes
            status.cpuSeconds = usage?.cpuSeconds
            return status
        }
    }

    /// The statuses after each change, for as long as `run` runs; each access is a new stream, which begins with now.
    ///
    /// What processes use is left out: it changes all the time. Who reads slowly misses what is between, never the
    /// newest.
    package var changes: AsyncStream<[ProcessStatus]> { broadcast.listen(startingWith: currentStatuses) }

    /// The processes as they are now, without what they use.
    var currentStatuses: [ProcessStatus] { names.compactMap { entries[$0].map(status(of:)) } }

    private func status(of entry: Entry) -> ProcessStatus {
        let (plan, report) = (entry.machine.plan, entry.report)
        return ProcessStatus(
            name: plan.name, kind: plan.kind, engine: plan.engine, state: report.state, since: entry.since,
            reason: report.reason, pid: report.identity?.pid, restarts: report.restarts,
            lastExit: report.lastExit?.text, address: plan.endpoint?.url, managed: plan.isManaged,
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
