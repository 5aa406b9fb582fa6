package import StokerCore
import StokerHost

/// Keeps processes in their desired state.
///
/// A shell: what to do is decided by one `ProcessMachine` for each process. The supervisor carries their effects out,
/// through the host, the prober and the clock, and feeds back what came of them. All that happens arrives in one
/// mailbox, so between two messages every machine is at rest. Nothing happens unless `run` runs.
///
/// Without a message and a timer that is due it sleeps: ten processes without probes cost no wake-up at all.
package actor Supervisor<C: Clock> where C.Duration == Duration {
    /// What comes from outside the actor.
    enum Message: Sendable {
        case host(HostEvent)
        case answered(String, Ticket, ProbeResult)
        /// The sleeper for that deadline woke up.
        case woke(Duration)
        /// `apply` or `order` left something to carry out.
        case nudge
        case shutdown
    }

    /// A question on its way out.
    struct Inquiry: Sendable {
        let process: ProcessPlan
        let probe: ProbePlan
        let ticket: Ticket
    }

    /// One process as the supervisor holds it.
    struct Entry {
        var machine: ProcessMachine
        /// What the machine has announced last, and since when it is in that state.
        private(set) var report: ProcessMachine.Report
        private(set) var since: Timestamp
        /// It has left the plan and goes once it is at rest.
        var isRetired = false
        /// Shutdown has told it to end.
        var isEnding = false
        var metrics: ProcessMetrics?

        init(_ machine: ProcessMachine, metrics: ProcessMetrics?, at now: Timestamp) {
            self.machine = machine
            self.metrics = metrics
            report = machine.report
            since = now
        }

        /// Takes over what the machine announces.
        mutating func report(at time: () -> Timestamp) {
            let report = machine.report
            if report.state != self.report.state { since = time() }
            self.report = report
        }
    }

    let host: any ProcessHost
    let sink: any EventSink
    let wallClock: @Sendable () -> Timestamp
    let metrics: SupervisorMetrics?
    let usage: UsageReader
    let portHolder: @Sendable (UInt16) -> String?
    let broadcast = Broadcast<[ProcessStatus]>()
    private let prober: any Prober
    private let clock: C
    private let origin: C.Instant
    private let mailbox: AsyncStream<Message>
    private nonisolated let post: AsyncStream<Message>.Continuation

    var entries: [String: Entry] = [:]
    /// In the order of the plan; those that have left it last.
    var names: [String] = []
    var startSequence = StartSequence([])
    var seeds: SeededGenerator
    /// No generation of a process that was forgotten was larger: a later namesake must not reuse one.
    var largestForgottenGeneration: UInt64 = 0
    var timers = TimerQueue()
    var inquiries: [Inquiry] = []
    /// Whether a report has changed since the last `settle`.
    var isUnsettled = false
    var isShuttingDown = false
    /// Deadlines for which a child task sleeps, the earliest last.
    ///
    /// A sleeper is added only for a deadline before all of these, and never cancelled: one that wakes for a timer that
    /// is gone costs a wake-up, once.
    private var sleepers: [Duration] = []
    private var shutdownWaiters: [CheckedContinuation<Void, Never>] = []

    /// A supervisor without processes.
    ///
    /// - Parameters:
    ///   - seed: Of all jitter.
    ///   - metrics: Where the numbers go; nil keeps none.
    ///   - usage: What `statuses` shows as memory and CPU time.
    ///   - portHolder: Who listens on a port of this machine, in words.
    package init(
        host: any ProcessHost, prober: any Prober, clock: C, wallClock: @escaping @Sendable () -> Timestamp,
        sink: any EventSink, seed: UInt64, metrics: SupervisorMetrics? = nil,
        usage: @escaping UsageReader = ProcessTable.usage(of:),
        portHolder: @escaping @Sendable (UInt16) -> String? = { PortHolder.of(port: $0)?.description }
    ) {
        self.host = host
        self.prober = prober
        self.clock = clock
        self.wallClock = wallClock
        self.sink = sink
        self.metrics = metrics
        self.usage = usage
        self.portHolder = portHolder
        seeds = SeededGenerator(seed: seed)
        origin = clock.now
        (mailbox, post) = AsyncStream.makeStream(of: Message.self)
    }

    /// Supervises until `shutdown` or `requestShutdown` has ended everything in reverse start order, then returns.
    ///
    /// To cancel it is the rude way, for when the daemon itself is failing: all that lives gets SIGKILL at once and
    /// nobody waits for it, because a cancelled task cannot wait for a grace to pass.
    package func run() async {
        let (events, mailbox, post) = (host.events, mailbox, post)
        await withDiscardingTaskGroup { group in
            group.addTask { for await event in events { post.yield(.host(event)) } }
            post.yield(.nudge)
            for await message in mailbox {
                take(message)
                settle()
                launch(in: &group)
                if isDone { break }
            }
            group.cancelAll()
        }
        finish()
    }

    /// Asks for a shutdown and returns at once; `run` returns when it is done.
    package nonisolated func requestShutdown() { post.yield(.shutdown) }

    /// Ends everything in reverse start order; returns when `run` has nothing left alive.
    package func shutdown() async {
        post.yield(.shutdown)
        await withCheckedContinuation { continuation in
            if isDone { continuation.resume() } else { shutdownWaiters.append(continuation) }
        }
    }

    /// Monotonic time as the machines count it.
    var now: Duration { origin.duration(to: clock.now) }

    /// Whether a shutdown has left nothing alive.
    private var isDone: Bool { isShuttingDown && names.allSatisfy { entries[$0]?.machine.isAtRest ?? true } }

    /// Makes the loop carry out what a call from outside left behind.
    func nudge() { post.yield(.nudge) }

    private func take(_ message: Message) {
        switch message {
        case .host(let event): take(event)
        case .answered(let name, let ticket, let result):
            entries[name]?.metrics?.note(result)
            tell(name, .answered(ticket, result))
        case .woke(let deadline):
            sleepers.removeAll { $0 == deadline }
            while let timer = timers.popDue(at: now) { tell(timer.process, .elapsed(timer.ticket)) }
        case .nudge: break
        case .shutdown: beginShutdown()
        }
    }

    /// Sends out what is to be asked, and a sleeper for the next timer unless one sleeps as long or shorter.
    private func launch(in group: inout DiscardingTaskGroup) {
        let (prober, clock, post) = (prober, clock, post)
        for inquiry in inquiries {
            group.addTask {
                let result = await prober.ask(
                    inquiry.probe.target, of: inquiry.process, timeout: inquiry.probe.timeout)
                post.yield(.answered(inquiry.process.name, inquiry.ticket, result))
            }
        }
        inquiries.removeAll()
        guard let next = timers.next, sleepers.last.map({ next < $0 }) ?? true else { return }
        sleepers.append(next)
        let instant = origin.advanced(by: next)
        group.addTask {
            // A cancelled sleep means that the loop has ended: its message finds nobody.
            try? await clock.sleep(until: instant, tolerance: nil)
            post.yield(.woke(next))
        }
    }

    /// The end of `run`, in good order or not.
    private func finish() {
        for name in names {
            guard let machine = entries[name]?.machine, machine.generation > 0 else { continue }
            if let run = machine.state.run { host.kill(name, generation: run.generation) } else { host.forget(name) }
        }
        isShuttingDown = true
        post.finish()
        broadcast.finish()
        for waiter in shutdownWaiters { waiter.resume() }
        shutdownWaiters = []
    }
}
