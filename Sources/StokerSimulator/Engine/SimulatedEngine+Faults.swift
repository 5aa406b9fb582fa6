import NIOCore

extension SimulatedEngine {
    /// How often memory grows, and how long a closed port waits before it is tried again.
    static let beat = TimeAmount.milliseconds(100)

    /// Turns a fault on, or does it if it is of the moment.
    func apply(_ fault: Fault) {
        switch fault.kind {
        case .exit: door.exit(Int32(fault.status ?? 1))
        case .log: door.log(EngineLog.texts[fault.name ?? ""] ?? "")
        case .crash: crash(fault)
        default:
            board.add(fault, at: Pacer.now)
            if fault.kind == .memory { growMemory() }
            reconcile()
        }
    }

    /// Turns all faults off, or those of one kind.
    func clearFaults(_ kind: FaultKind? = nil) {
        board.clear(kind)
        reconcile()
    }

    /// Begins the faults of the options: those of the start, and the scenario's at their times.
    func beginFaults(port: UInt16) {
        for fault in options.faults { apply(fault) }
        for step in options.scenario.steps(port: port) {
            after(step.at.clampedNanoseconds) { $0.apply(step.fault) }
        }
    }

    /// Makes the engine what the board says.
    func reconcile() {
        board.expire(at: Pacer.now)
        pacer.setFrozen(board.contains(where: \.freezes))
        listener?.setOpen(board.active(.refuse) == nil)
        if board.active(.staleMetrics) == nil {
            stalePage = nil
        } else if stalePage == nil {
            stalePage = snapshot()
        }
        if board.active(.memory) == nil { ballast = Ballast() }
        if let end = board.nextEnd { after(end - Pacer.now) { $0.reconcile() } }
    }

    /// Whether connections are accepted and never answered.
    var isMute: Bool { board.active(.hangAll) != nil }

    /// The status of a health check, and how long it takes, in nanoseconds.
    func health(_ route: Route) -> (status: Int, delay: Int64) {
        var delay: Int64 = 0
        var status = isLoading ? 503 : 200
        if route == .generatedHealth {
            // SGLang generates a token and sleeps first; without a token it gives up after 20 s.
            let hangs = board.contains(where: \.freezes)
            delay = hangs ? 20_000_000_000 : 1_000_000_000
            if hangs { status = 503 }
        }
        if let slow = board.active(.slowHealth) { delay += slow.delay?.clampedNanoseconds ?? 2_000_000_000 }
        if board.active(.unhealthy) != nil { status = 503 }
        if let flap = board.active(.flappingHealth), let since = board.since(.flappingHealth) {
            let half = max(1, flap.delay?.clampedNanoseconds ?? 1_000_000_000)
            if ((Pacer.now - since) / half).isMultiple(of: 2) { status = 503 }
        }
        return (status, delay)
    }

    private func crash(_ fault: Fault) {
        after(fault.delay?.clampedNanoseconds ?? 0) { engine in
            engine.door.log(EngineLog.texts[fault.name ?? "traceback"] ?? "")
            engine.door.exit(1)
        }
    }

    private func growMemory() {
        guard let fault = board.active(.memory) else { return }
        // A tenth of what it takes a second.
        ballast.grow(by: max(1, (fault.bytes ?? 10 << 20) / 10), limit: fault.limit ?? 1 << 30)
        after(Self.beat.nanoseconds) { $0.growMemory() }
    }

    /// Does something later, by the real clock.
    private func after(_ nanoseconds: Int64, _ action: @escaping (SimulatedEngine) -> Void) {
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(max(0, nanoseconds))) { [weak self] in
            guard let self else { return }
            action(self)
        }
    }
}
