import NIOCore
import StokerCore
import StokerMetrics

/// What all connections of one simulated engine share. Lives on one event loop and is touched nowhere else.
final class SimulatedEngine {
    let options: SimulatorOptions
    let metrics: EngineMetrics
    let loop: any EventLoop
    let pacer: Pacer
    let pages: FixedPages
    var ledger = Ledger()
    var late = Lateness()
    var board = FaultBoard()
    let door: ProcessDoor
    /// Set once it listens.
    weak var listener: Listener?
    /// The metrics of the moment when they went stale.
    var stalePage: MetricsSnapshot?
    var ballast = Ballast()
    private let readyAt: Int64
    private var slots: Slots
    private var cache: PrefixCache
    /// Requests without a slot, and nobody else: the others live with their connections.
    private var waiting: [Slots.Ticket: (run: AnswerRun, since: Int64)] = [:]

    init(options: SimulatorOptions, created: Int64, loop: any EventLoop, door: ProcessDoor) throws {
        self.options = options
        self.loop = loop
        self.door = door
        metrics = try EngineMetrics(model: options.model, dialect: options.dialect)
        pacer = Pacer(loop: loop)
        pages = FixedPages(model: options.model, dialect: options.dialect, created: created)
        slots = Slots(capacity: options.slots, tokens: options.kvTokens, queue: options.queue)
        cache = PrefixCache(tokens: options.kvTokens)
        readyAt = Pacer.now + options.startup.clampedNanoseconds
    }

    /// Whether the pretended weights are still loading.
    var isLoading: Bool { options.startup > .zero && Pacer.now < readyAt }

    /// How many times longer a step takes under the present load.
    var slowdown: Double {
        options.slowdown == 1 ? 1 : 1 + (options.slowdown - 1) * slots.pressure
    }

    var runningCount: Int { slots.runningCount }

    /// Takes a request in; it starts at once or when a slot is free. false: the queue is full.
    func enter(_ run: AnswerRun) -> Bool {
        switch slots.enter(tokens: run.heldTokens) {
        case .starts(let ticket):
            run.ticket = ticket
            start(run, waited: 0)
        case .waits(let ticket):
            run.ticket = ticket
            waiting[ticket] = (run, Pacer.now)
        case .refused: return false
        }
        return true
    }

    /// Lets a request out, done or given up.
    func leave(_ run: AnswerRun, _ record: Ledger.Record) {
        let finish: EngineMetrics.Finish =
            switch record.outcome {
            case .stop: .stop
            case .length: .length
            default: .abort
            }
        metrics.ended(finish, after: record.ended - record.received)
        ledger.end(record)
        pacer.remove(run)
        waiting[run.ticket] = nil
        for ticket in slots.leave(run.ticket) {
            guard let next = waiting.removeValue(forKey: ticket) else { continue }
            start(next.run, waited: Pacer.now - next.since)
        }
    }

    var report: StateReport {
        StateReport(ledger, late, options: options, waiting: slots.waitingCount, faults: board.faults)
    }

    /// The page of metrics; the one of old while a fault keeps it stale.
    func metricsPage(_ format: ExpositionFormat) -> [UInt8] { (stalePage ?? snapshot()).exposition(format) }

    func snapshot() -> MetricsSnapshot {
        let usage = options.kvTokens == 0 ? 0 : Double(slots.heldTokens) / Double(options.kvTokens)
        return metrics.snapshot(
            EngineMetrics.Moment(running: slots.runningCount, waiting: slots.waitingCount, kvUsage: usage))
    }

    private func start(_ run: AnswerRun, waited: Int64) {
        let words = run.asked.prompt.split(whereSeparator: \.isWhitespace)
        let cached = options.kvTokens == 0 ? 0 : cache.take(words)
        metrics.started(waited: waited, prompt: run.asked.promptTokens, cached: cached)
        ledger.promptTokens += run.asked.promptTokens
        pacer.add(run)
        // Only Ollama's get this far while it loads.
        run.start(at: pacer.reading(at: max(Pacer.now, readyAt)), cached: cached)
    }
}
