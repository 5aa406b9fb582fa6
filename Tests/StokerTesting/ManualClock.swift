import Synchronization

/// A clock that stands still until a test moves it.
///
/// A test never sleeps: it waits with `sleepers(_:)` until the code under test sleeps, then calls `advance(by:)`.
/// Tasks that a step wakes run afterwards, wherever their executor runs them.
package final class ManualClock: Clock {
    /// Time since the clock was made.
    package struct Instant: InstantProtocol {
        package var offset: Duration

        package init(offset: Duration) { self.offset = offset }

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Alarm {
        let id: UInt64
        let deadline: Duration
        let isSleeper: Bool
        let ring: @Sendable (_ cancelled: Bool) -> Void
    }

    private struct State {
        var now = Duration.zero
        var lastID: UInt64 = 0
        /// Ordered by deadline, then by age: who comes due first is last.
        var alarms: [Alarm] = []
        /// Tests that wait for so many sleepers.
        var audience: [(count: Int, resume: @Sendable () -> Void)] = []

        var sleepers: Int { alarms.reduce(0) { $0 + ($1.isSleeper ? 1 : 0) } }

        mutating func insert(_ alarm: Alarm) {
            let index = alarms.firstIndex { $0.deadline <= alarm.deadline } ?? alarms.endIndex
            alarms.insert(alarm, at: index)
        }

        mutating func satisfiedAudience() -> [@Sendable () -> Void] {
            let present = sleepers
            let satisfied = audience.filter { $0.count <= present }.map(\.resume)
            audience.removeAll { $0.count <= present }
            return satisfied
        }
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { Instant(offset: state.withLock { $0.now }) }
    package var minimumResolution: Duration { .nanoseconds(1) }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let id = nextID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                set(
                    Alarm(id: id, deadline: deadline.offset, isSleeper: true) { cancelled in
                        if cancelled {
                            continuation.resume(throwing: CancellationError())
                        } else {
                            continuation.resume()
                        }
                    })
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Calls `action` when that much time has passed: for simulated worlds, which live on callbacks instead of tasks.
    package func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) {
        let id = nextID()
        set(Alarm(id: id, deadline: now.offset + delay, isSleeper: false) { _ in action() })
    }

    /// Moves time on, waking whoever is due on the way, in the order of their deadlines.
    package func advance(by duration: Duration) {
        let target = now.offset + duration
        while let alarm = takeAlarm(dueBy: target) { alarm.ring(false) }
        state.withLock { $0.now = max($0.now, target) }
    }

    /// Moves time to the next deadline and wakes who waits for it; false when nobody waits for anything.
    package func advanceToNextAlarm() -> Bool {
        guard let alarm = takeAlarm(dueBy: nil) else { return false }
        alarm.ring(false)
        return true
    }

    /// Returns once at least so many tasks sleep.
    package func sleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let satisfied = state.withLock { state in
                state.audience.append((count, { continuation.resume() }))
                return state.satisfiedAudience()
            }
            for resume in satisfied { resume() }
        }
    }

    private func nextID() -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Keeps the alarm, or rings it at once when it is due already.
    private func set(_ alarm: Alarm) {
        let (isDue, cancelled, satisfied) = state.withLock { state in
            // Asked under the lock: a cancellation from before has missed the alarm, a later one will find it.
            let cancelled = alarm.isSleeper && Task.isCancelled
            let isDue = cancelled || alarm.isSleeper && alarm.deadline <= state.now
            if !isDue { state.insert(alarm) }
            return (isDue, cancelled, state.satisfiedAudience())
        }
        for resume in satisfied { resume() }
        if isDue { alarm.ring(cancelled) }
    }

    private func cancel(_ id: UInt64) {
        let alarm = state.withLock { state in
            state.alarms.firstIndex { $0.id == id }.map { state.alarms.remove(at: $0) }
        }
        alarm?.ring(true)
    }

    /// Takes out the next alarm and moves the time to its deadline.
    private func takeAlarm(dueBy limit: Duration?) -> Alarm? {
        state.withLock { state in
            guard let next = state.alarms.last, next.deadline <= limit ?? next.deadline else { return nil }
            state.alarms.removeLast()
            state.now = max(state.now, next.deadline)
            return next
        }
    }
}
