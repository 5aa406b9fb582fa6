import NIOCore
import StokerCore
import StokerMetrics

/// What all connections of one simulated engine share. Lives on one event loop and is touched nowhere else.
final class SimulatedEngine {
    let options: SimulatorOptions
    let metrics: EngineMetrics
    let loop: any EventLoop
    /// Unix time of the start, for `created`.
    let created: Int64
    private let readyAt: NIODeadline
    private var slots: Slots
    /// Requests without a slot, and nobody else: the others live with their connections.
    private var waiting: [Slots.Ticket: AnswerRun] = [:]
    private var lastID: UInt64 = 0

    init(options: SimulatorOptions, metrics: EngineMetrics, created: Int64, loop: any EventLoop) {
        self.options = options
        self.metrics = metrics
        self.created = created
        self.loop = loop
        slots = Slots(capacity: options.slots)
        readyAt = loop.now + TimeAmount(options.startup)
    }

    /// Whether the pretended weights are still loading.
    var isLoading: Bool { loop.now < readyAt }

    func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// Takes a request in; it starts at once or when a slot is free.
    func enter(_ run: AnswerRun) {
        let (ticket, starts) = slots.enter()
        run.ticket = ticket
        if starts { run.start() } else { waiting[ticket] = run }
        publish()
    }

    /// Lets a request out, done or given up.
    func leave(_ run: AnswerRun, _ finish: EngineMetrics.Finish) {
        metrics.finished[finish].increment()
        waiting[run.ticket] = nil
        let next = slots.leave(run.ticket).flatMap { waiting.removeValue(forKey: $0) }
        publish()
        next?.start()
    }

    private func publish() {
        metrics.running.set(slots.runningCount)
        metrics.waiting.set(slots.waitingCount)
    }
}

extension TimeAmount {
    /// Cut at a century: longer waits are as good as for ever, and the sum with a deadline must fit 64 bits.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = min(duration, .seconds(3_155_760_000)).components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
