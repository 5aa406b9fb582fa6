/// Something that changed, with the facts that the change was drawn from.
package struct Event: Sendable, Equatable, Codable {
    /// Given by the store, ascending; 0 before that.
    package var id: Int64
    package var time: Timestamp
    package var severity: Severity
    /// What happened, stable, dotted: `process.exited`, `config.rejected`. Listed in docs/events.md.
    package var kind: Kind
    /// The process, backend or file it is about; nil for the daemon itself.
    package var subject: String?
    /// One sentence.
    package var message: String
    /// The facts, one a line: probe results, exit status, log lines.
    package var evidence: [String]

    package init(
        id: Int64 = 0, time: Timestamp, severity: Severity = .info, kind: Kind, subject: String? = nil,
        message: String, evidence: [String] = []
    ) {
        self.id = id
        self.time = time
        self.severity = severity
        self.kind = kind
        self.subject = subject
        self.message = message
        self.evidence = evidence
    }

    package enum Severity: String, Sendable, Codable, CaseIterable, Comparable {
        case info, warning, error

        package static func < (left: Severity, right: Severity) -> Bool {
            allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
        }
    }

    package enum Kind: String, Sendable, Codable, CaseIterable {
        case daemonStarted = "daemon.started"
        case daemonStopping = "daemon.stopping"
        case daemonSweptLeftover = "daemon.swept-leftover"
        case configLoaded = "config.loaded"
        case configRejected = "config.rejected"
        case processStarting = "process.starting"
        case processStartFailed = "process.start-failed"
        case processReady = "process.ready"
        case processUnready = "process.unready"
        case processExited = "process.exited"
        case processRestarting = "process.restarting"
        case processGaveUp = "process.gave-up"
        case processDraining = "process.draining"
        case processDrained = "process.drained"
        case processUndrained = "process.undrained"
        case processStopping = "process.stopping"
        case processStopped = "process.stopped"
        case processKilled = "process.killed"
        case shimLost = "shim.lost"
        case logDropped = "log.dropped"
        case backendOut = "backend.out"
        case backendBack = "backend.back"
        case backendSilent = "backend.silent"
        case backendFrozen = "backend.frozen"
        case streamContinued = "stream.continued"
        case streamLost = "stream.lost"
        case standbyPromoted = "standby.promoted"
        case standbyReady = "standby.ready"
        case standbyFailback = "standby.failback"
        case standbyFailed = "standby.failed"
        case gatewayLost = "gateway.lost"
        case canaryStarted = "canary.started"
        case canaryStep = "canary.step"
        case canaryPaused = "canary.paused"
        case canaryPromoted = "canary.promoted"
        case canaryRolledBack = "canary.rolled-back"
        case canaryAborted = "canary.aborted"
        case gatewayReplacing = "gateway.replacing"
        case gatewayReplaced = "gateway.replaced"
        case gatewayKept = "gateway.kept"
        case failoverFinished = "failover.finished"
        case drillFinished = "drill.finished"
        case storeReplaced = "store.replaced"
        case gpuUnreadable = "gpu.unreadable"
        case gpuReadable = "gpu.readable"
        case gpuLost = "gpu.lost"
        case gpuBack = "gpu.back"
        case gpuXid = "gpu.xid"
    }
}

/// Takes events; the store in production, an array in tests. Never blocks and never fails the caller.
package protocol EventSink: Sendable {
    /// Hands over one event; what cannot be kept is counted by the sink.
    func record(_ event: Event)
}
