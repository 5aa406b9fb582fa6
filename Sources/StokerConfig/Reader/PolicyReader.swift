import StokerCore

/// Reads the sections of a process that are numbers only.
struct PolicyReader {
    let section: SectionReader

    func restart() -> RestartPolicy {
        let restart = section.section(ProcessKeys.restart, RestartKeys.section)
        let backoff = restart.section(RestartKeys.backoff, BackoffKeys.section)
        let giveUp = restart.section(RestartKeys.giveUp, GiveUpKeys.section)
        let policy = RestartPolicy(
            initialDelay: backoff.value(BackoffKeys.initial), maxDelay: backoff.value(BackoffKeys.max),
            stableAfter: restart.value(RestartKeys.stableAfter), giveUpStarts: giveUp.value(GiveUpKeys.starts),
            giveUpWithin: giveUp.value(GiveUpKeys.within))
        if policy.initialDelay > policy.maxDelay {
            section.diagnostics.report(
                .conflict, "initial is \(policy.initialDelay.text), more than max, which is \(policy.maxDelay.text)",
                at: backoff.place(of: BackoffKeys.initial.description),
                hint: "initial: \(min(policy.maxDelay, RestartPolicy().initialDelay).text)")
        }
        return policy
    }

    func stop() -> StopPolicy {
        let stop = section.section(ProcessKeys.stop, StopKeys.section)
        return StopPolicy(grace: stop.value(StopKeys.grace), drain: stop.value(StopKeys.drain))
    }

    func log() -> LogPolicy {
        LogPolicy(maxSize: section.section(ProcessKeys.log, LogKeys.section).value(LogKeys.maxSize))
    }

    func limits() -> ResourceLimits {
        let limits = section.section(ProcessKeys.limits, LimitsKeys.section)
        return ResourceLimits(
            openFiles: limits.value(LimitsKeys.openFiles).flatMap(UInt64.init(exactly:)),
            coreBytes: UInt64(limits.value(LimitsKeys.core).bytes),
            addressSpaceBytes: limits.value(LimitsKeys.addressSpace).map { UInt64($0.bytes) },
            oomScoreAdjust: limits.value(LimitsKeys.oomScoreAdjust))
    }
}
