package import ShimProtocol
package import StokerCore

/// What a host knows of one process and its shim, and what it does about each thing that happens: a value without
/// sockets or processes. `ShimProcessHost` performs the effects.
package struct ShimSession: Sendable {
    /// One start, until its end has been told.
    package struct Run: Sendable, Equatable {
        /// What was ordered.
        package var order: StartOrder
        /// nil until the shim has said so.
        package var identity: ProcessIdentity?
        /// Whether SIGKILL comes from us: then it is not the OOM killer's.
        package var isKillOrdered = false
        /// Why its shim is gone; nil while it has one.
        package var orphanedBecause: String?

        /// A start that was ordered.
        package init(order: StartOrder, identity: ProcessIdentity? = nil) {
            self.order = order
            self.identity = identity
        }
    }

    /// Whether there is a shim to speak to.
    package enum Shim: Sendable, Equatable {
        case absent, present
        /// Told to leave; its socket's path is free only when it has.
        case leaving
    }

    /// What can happen.
    package enum Input: Sendable, Equatable {
        case start(StartOrder)
        case terminate(generation: UInt64)
        case kill(generation: UInt64)
        /// When it ends by itself, its shim may start this one at once.
        case grant(StartOrder)
        case revoke
        /// The process has left the plan.
        case forget
        case report(ShimReport)
        case launchFailed(String)
        /// The shim is dead; `survivor`: the child, if it lives on.
        case shimEnded(reason: String, survivor: ProcessIdentity?)
        case orphanEnded
    }

    /// What the host is to do, in this order.
    package enum Effect: Sendable, Equatable {
        case launch
        case send(ShimOrder)
        case emit(generation: UInt64, HostEvent.Kind)
        case emitStartFailed(StartOrder, StartFailure)
        case emitExit(ChildExit, Run)
        /// As `emitExit`, and the run that was granted has taken its place.
        case emitSuccession(ChildExit, Run)
        /// Tell of its end by `orphanEnded`.
        case watchOrphan(ProcessIdentity)
        /// To its process group, or (SIGKILL) to it and all its descendants.
        case terminateOrphan(ProcessIdentity)
        case killOrphan(ProcessIdentity)
        /// Kill what is left in the session of an orphan that has ended.
        case clearSession(of: ProcessIdentity)
        /// Nothing is left to know of this process.
        case remove
    }

    /// Whether its shim can be spoken to.
    package private(set) var shim = Shim.absent
    /// What was started and has not ended.
    package private(set) var run: Run?
    /// What the shim was last allowed to start after `run`. Kept when that is revoked: a report that it has been used
    /// may be on its way.
    private var successor: StartOrder?
    /// How many shims may still be spent on draining one orphan: a shim that dies at once must not be a busy loop.
    private var drainsLeft = 0
    private var isForgotten = false
    private let bootID: String

    /// - Parameter bootID: of this boot, for the identities of children.
    package init(bootID: String) { self.bootID = bootID }

    /// Takes up what has happened.
    package mutating func handle(_ input: Input) -> [Effect] {
        switch input {
        case .start(let order): start(order)
        case .terminate(let generation): terminate(generation)
        case .kill(let generation): kill(generation)
        case .grant(let order): grant(order)
        case .revoke: successor != nil && shim == .present ? [.send(.revoke)] : []
        case .forget: forget()
        case .report(let report): handle(report)
        case .launchFailed(let why): launchFailed(why)
        case .shimEnded(let reason, let survivor): shimEnded(reason, survivor)
        case .orphanEnded: orphanEnded()
        }
    }

    // MARK: Orders

    private mutating func start(_ order: StartOrder) -> [Effect] {
        if let run {
            let why = "generation \(run.order.generation) still runs"
            return [.emit(generation: order.generation, .startFailed(why))]
        }
        begin(Run(order: order))
        isForgotten = false
        switch shim {
        case .present: return [.send(.start(order))]
        case .leaving: return []
        case .absent:
            shim = .present
            return [.launch, .send(.start(order))]
        }
    }

    private mutating func terminate(_ generation: UInt64) -> [Effect] {
        guard let run, run.order.generation == generation else { return [] }
        if shim == .leaving { return cancel(run) }
        if run.orphanedBecause != nil, let identity = run.identity { return [.terminateOrphan(identity)] }
        return [.send(.terminate(generation: generation))]
    }

    private mutating func kill(_ generation: UInt64) -> [Effect] {
        guard let run, run.order.generation == generation else { return [] }
        if shim == .leaving { return cancel(run) }
        self.run?.isKillOrdered = true
        if run.orphanedBecause != nil, let identity = run.identity { return [.killOrphan(identity)] }
        return [.send(.kill(generation: generation))]
    }

    private mutating func grant(_ order: StartOrder) -> [Effect] {
        // The shim of an orphan is not its parent and will not see its end.
        guard let run, run.order.generation &+ 1 == order.generation, run.orphanedBecause == nil, shim == .present
        else {
            return []
        }
        successor = order
        return [.send(.grant(order))]
    }

    private mutating func begin(_ run: Run) {
        self.run = run
        successor = nil
    }

    /// It still waits for the old shim to leave.
    private mutating func cancel(_ run: Run) -> [Effect] {
        self.run = nil
        return [.emit(generation: run.order.generation, .startFailed("stopped before it was started"))]
    }

    private mutating func forget() -> [Effect] {
        isForgotten = true
        return leaveIfForgotten()
    }

    private mutating func leaveIfForgotten() -> [Effect] {
        guard isForgotten, run == nil else { return [] }
        switch shim {
        case .absent: return [.remove]
        case .leaving: return []
        case .present:
            shim = .leaving
            return [.send(.quit)]
        }
    }

    // MARK: What the shim says

    private mutating func handle(_ report: ShimReport) -> [Effect] {
        switch report {
        case .state: []
        case .started(let child): started(child)
        case .startFailed(let generation, let failure): startFailed(generation, failure)
        case .exited(let exit): exited(exit)
        case .succeeded(let exit): succeeded(exit)
        case .logDropped(let bytes, let error): logDropped(bytes, error)
        }
    }

    private mutating func started(_ child: ChildState) -> [Effect] {
        guard let run, run.order.generation == child.generation, run.identity == nil else { return [] }
        let identity = ProcessIdentity(pid: child.pid, startTime: child.startTime, bootID: bootID)
        self.run?.identity = identity
        return [.emit(generation: child.generation, .started(identity))]
    }

    private mutating func startFailed(_ generation: UInt64, _ failure: StartFailure) -> [Effect] {
        guard let run, run.order.generation == generation else { return [] }
        self.run = nil
        return [.emitStartFailed(run.order, failure)] + leaveIfForgotten()
    }

    private mutating func exited(_ exit: ChildExit) -> [Effect] {
        guard let run, run.order.generation == exit.generation else { return [] }
        self.run = nil
        return [.emitExit(exit, run)] + leaveIfForgotten()
    }

    private mutating func succeeded(_ exit: ChildExit) -> [Effect] {
        guard let run, run.order.generation == exit.generation, let successor else { return [] }
        begin(Run(order: successor))
        return [.emitSuccession(exit, run)]
    }

    private func logDropped(_ bytes: UInt64, _ error: Int32) -> [Effect] {
        let why = "\(run?.order.log.path ?? "its log"): \(ErrorWords.of(error))"
        return [.emit(generation: run?.order.generation ?? 0, .logDropped(bytes: bytes, reason: why))]
    }

    // MARK: Lost shims

    private mutating func launchFailed(_ why: String) -> [Effect] {
        shim = .absent
        // An orphan is only not drained then; it lives on and is watched.
        guard let run, run.orphanedBecause == nil else { return [] }
        self.run = nil
        return [.emit(generation: run.order.generation, .startFailed(why))] + leaveIfForgotten()
    }

    private mutating func shimEnded(_ reason: String, _ survivor: ProcessIdentity?) -> [Effect] {
        let wasLeaving = shim == .leaving
        shim = .absent
        guard let run else { return leaveIfForgotten() }
        if wasLeaving {
            shim = .present
            return [.launch, .send(.start(run.order))]
        }
        // The shim that only drained an orphan is replaced without a word; the orphan is what counts.
        if run.orphanedBecause != nil { return replaceDrain(of: run) }
        let generation = run.order.generation
        guard let survivor else {
            self.run = nil
            let end: HostEvent.Kind =
                run.identity == nil
                ? .startFailed(reason) : .exited(.unknown, evidence: [reason], outOfMemory: nil)
            return [.emit(generation: generation, end)] + leaveIfForgotten()
        }
        self.run?.identity = survivor
        self.run?.orphanedBecause = reason
        drainsLeft = 3
        let started: [Effect] = run.identity == nil ? [.emit(generation: generation, .started(survivor))] : []
        return started + [.emit(generation: generation, .shimLost(reason)), .watchOrphan(survivor)]
            + replaceDrain(of: self.run ?? run)
    }

    /// A new shim, for now only to keep the orphan's output, lest it should hang on a full pipe.
    private mutating func replaceDrain(of run: Run) -> [Effect] {
        guard let identity = run.identity, drainsLeft > 0 else { return [] }
        drainsLeft -= 1
        shim = .present
        let order = DrainOrder(pid: identity.pid, startTime: identity.startTime, log: run.order.log)
        return [.launch, .send(.drain(order))]
    }

    private mutating func orphanEnded() -> [Effect] {
        guard let run, let reason = run.orphanedBecause, let identity = run.identity else { return [] }
        self.run = nil
        let exit = HostEvent.Kind.exited(.unknown, evidence: [reason], outOfMemory: nil)
        return [.clearSession(of: identity), .emit(generation: run.order.generation, exit)] + leaveIfForgotten()
    }
}
