import StokerCore

/// What the supervisor waits for, ordered by time.
///
/// A sorted array: a supervisor has a few timers for each process, not thousands.
struct TimerQueue: Sendable {
    struct Timer: Sendable, Equatable {
        let deadline: Duration
        let process: String
        let ticket: Ticket
    }

    /// The next to come due is last.
    private var timers: [Timer] = []

    /// When the next one comes due.
    var next: Duration? { timers.last?.deadline }
    var all: [Timer] { timers }

    mutating func insert(_ timer: Timer) {
        // Behind all that are due at the same time: equal deadlines keep the order in which they were set.
        let index = timers.firstIndex { $0.deadline <= timer.deadline } ?? timers.endIndex
        timers.insert(timer, at: index)
    }

    /// Takes out the next one if it is due.
    mutating func popDue(at now: Duration) -> Timer? {
        guard let next, next <= now else { return nil }
        return timers.removeLast()
    }

    mutating func remove(_ ticket: Ticket, of process: String) {
        timers.removeAll { $0.ticket == ticket && $0.process == process }
    }

    mutating func removeAll(of process: String) { timers.removeAll { $0.process == process } }
}
