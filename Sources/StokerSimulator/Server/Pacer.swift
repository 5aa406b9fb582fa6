import NIOCore

/// Calls each answer when its next token is due. Lives on one event loop.
///
/// One timer for all answers of an engine: each wake-up serves everything that is due by then. Two wake-ups are at
/// least a gap apart, so that a hundred thousand tokens a second cost four thousand timers and not a hundred thousand;
/// alone, a token comes on time.
final class Pacer: NIOScheduledCallbackHandler {
    /// Shortest time from the end of a wake-up to the next, and so the most that it makes a token late by itself.
    ///
    /// NIO's loop runs tasks that are due until there are none: one that is due again at once, because the engine is
    /// behind, would keep it from its sockets for ever.
    private static let gap: Int64 = 250_000

    private let loop: any EventLoop
    private var clock = EngineClock()
    private var heap = DueHeap()
    private var runs: [UInt64: AnswerRun] = [:]
    private var timer: NIOScheduledCallback?
    private var armedFor = Int64.max
    private var lastTick: Int64 = 0
    private var isTicking = false

    init(loop: any EventLoop) { self.loop = loop }

    /// CLOCK_MONOTONIC in nanoseconds.
    static var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }

    /// The engine's own time.
    func reading(at now: Int64) -> Int64 { clock.reading(at: now) }

    func add(_ run: AnswerRun) { runs[run.id] = run }
    func remove(_ run: AnswerRun) { runs[run.id] = nil }

    /// Calls the run at a time of the engine's clock.
    func plan(_ run: AnswerRun, at due: Int64) {
        heap.push(run.id, at: due)
        arm()
    }

    /// Stops the engine's clock, or lets it go on.
    func setFrozen(_ isFrozen: Bool) {
        guard isFrozen != clock.isFrozen else { return }
        if isFrozen {
            clock.freeze(at: Self.now)
        } else {
            clock.thaw(at: Self.now)
            arm()
        }
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer = nil
        armedFor = .max
        guard !clock.isFrozen else { return }
        var now = Self.now
        isTicking = true
        // Those that are behind are due again at once: the loop belongs to the connections too.
        var left = heap.count
        while left > 0, let id = heap.popDue(at: clock.reading(at: now)) {
            left -= 1
            runs[id]?.step(at: now)
            now = Self.now
        }
        isTicking = false
        lastTick = now
        arm()
    }

    private func arm() {
        guard !isTicking, let next = heap.next, let moment = clock.moment(of: next) else { return }
        let wanted = max(moment, lastTick + Self.gap)
        guard wanted < armedFor else { return }
        timer?.cancel()
        armedFor = wanted
        // It throws only when the loop is shutting down, and with it every connection.
        timer = try? loop.assumeIsolated().scheduleCallback(
            at: NIODeadline.uptimeNanoseconds(UInt64(clamping: wanted)), handler: self)
    }
}
