extension ProcessMachine {
    /// The machine as others see it.
    package struct Report: Sendable, Equatable {
        /// Where it is in its life.
        package var state: ProcessStatus.State
        /// Why it is there: one sentence.
        package var reason: String
        /// Of the living generation; nil when there is none.
        package var identity: ProcessIdentity?
        /// How often it was started again, for whatever reason.
        package var restarts: Int
        /// The last end, asked for or not.
        package var lastExit: ProcessExit?
        /// From start to ready, last time.
        package var lastStart: Duration?
    }

    /// What `Effect.announce` is about.
    package var report: Report {
        Report(
            state: publicState, reason: reason, identity: state.run?.identity, restarts: restarts, lastExit: lastExit,
            lastStart: lastStart)
    }

    /// Whether an end now would be an early one, of the kind that a taken port or a bad argument causes.
    package func isYoung(at now: Duration) -> Bool {
        switch state {
        case .starting: true
        case .running(let run): now - run.orderedAt < .seconds(10)
        case .stopped, .waiting, .draining, .stopping, .backoff, .failed, .watching: false
        }
    }

    /// Whether it wants to know what is in flight at it: something of it is, or may be, and nothing new comes.
    package var awaitsTraffic: Bool {
        switch state {
        case .draining: true
        case .running(let run): run.rotation == .draining
        case .watching(let watch): watch.rotation == .draining
        case .stopped, .waiting, .starting, .stopping, .backoff, .failed: false
        }
    }

    /// Whether nothing of it is alive and nothing will be by itself.
    package var isAtRest: Bool {
        switch state {
        case .stopped, .failed: true
        case .waiting, .starting, .running, .draining, .stopping, .backoff, .watching: false
        }
    }

    private var publicState: ProcessStatus.State {
        switch state {
        case .stopped: .stopped
        case .waiting: .waiting
        case .starting: .starting
        case .running(let run) where run.isReady: run.rotation == .open ? .ready : .draining
        case .running(let run): run.readySince == nil ? .starting : .unready
        case .draining: .draining
        case .stopping: .stopping
        case .backoff: .backoff
        case .failed: .failed
        case .watching(let watch) where watch.isReady: watch.rotation == .open ? .ready : .draining
        case .watching(let watch): watch.wasReady ? .unready : .starting
        }
    }

    /// How far it has come, for those that start after it.
    package var progress: StartSequence.Progress {
        switch state {
        case .starting(let run, _), .running(let run):
            StartSequence.Progress(isStarted: run.identity != nil, isReady: run.isReady, isAlive: true)
        case .draining, .stopping: StartSequence.Progress(isStarted: false, isReady: false, isAlive: true)
        case .watching(let watch): StartSequence.Progress(isStarted: true, isReady: watch.isReady, isAlive: false)
        case .backoff: StartSequence.Progress(isStarted: false, isReady: false, isAlive: false, isHolding: true)
        case .stopped, .waiting, .failed:
            StartSequence.Progress(isStarted: false, isReady: false, isAlive: false)
        }
    }
}
