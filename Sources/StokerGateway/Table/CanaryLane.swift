package import StokerCore
import Synchronization

/// The split of one model's clients, made ready for the hot path, and what became of the first attempts of either side.
package final class CanaryLane: Sendable {
    let split: CanarySplit
    /// The canary's backends, as places in the table.
    let backends: [Int]
    private let tally: Tally

    /// Outlives tables, as long as they split the clients alike.
    private final class Tally: Sendable {
        let counts: Mutex<CanaryCounts>

        init(_ counts: CanaryCounts) { self.counts = Mutex(counts) }
    }

    /// - Parameter before: of the table before, which goes on counting if it splits the clients alike. Whatever began
    ///   under another split ends in its counts, which nobody reads any more.
    init(_ split: CanarySplit, of model: String, backends: [Int], after before: CanaryLane?) {
        self.split = split
        self.backends = backends
        if let before, before.split.salt == split.salt, before.split.permille == split.permille {
            tally = before.tally
        } else {
            tally = Tally(CanaryCounts(model: model, permille: split.permille, salt: split.salt))
        }
    }

    /// What has been counted so far.
    package var counts: CanaryCounts { tally.counts.withLock { $0 } }

    /// The tiers for a request of that side: the canary's fall back on all others.
    func tiers(isCanary: Bool, stable: [[Int]]) -> [[Int]] { isCanary ? [backends] + stable : stable }

    /// A request asks its first backend; nil when that is not of its own side, and says nothing of either.
    func begin(at place: Int, isCanary: Bool, now: Int64) -> FirstAttempt? {
        guard backends.contains(place) == isCanary else { return nil }
        let attempt = FirstAttempt(lane: self, isCanary: isCanary, startedAt: now)
        count(isCanary) { $0.begun += 1 }
        return attempt
    }

    fileprivate func count(_ isCanary: Bool, _ change: (inout FirstAttempts) -> Void) {
        tally.counts.withLock { isCanary ? change(&$0.canary) : change(&$0.stable) }
    }
}

/// The first attempt of a request whose model has a canary; whatever it comes to is counted once.
struct FirstAttempt {
    let lane: CanaryLane
    let isCanary: Bool
    /// As `SocketLoop.nanoseconds`.
    let startedAt: Int64
    private var phase = Phase.waiting

    private enum Phase {
        case waiting
        /// The first good event has come.
        case begun
        /// It answered 500: whether that is the request's own fault is seen by what another backend says to it.
        case suspended
        case settled
    }

    init(lane: CanaryLane, isCanary: Bool, startedAt: Int64) {
        self.lane = lane
        self.isCanary = isCanary
        self.startedAt = startedAt
    }

    /// It has failed.
    mutating func failed(_ failure: AttemptFailure) {
        guard phase == .waiting || phase == .begun else { return }
        switch failure {
        case .status(500): phase = .suspended
        case .status(429), .status(503):
            phase = .settled
            lane.count(isCanary) { $0.refused += 1 }
        default: fail(failure)
        }
    }

    /// The client gets the first of an answer.
    ///
    /// - Parameter isOwn: whether this attempt gives it, and not a later one.
    mutating func answered(status: Int, isOwn: Bool, now: Int64) {
        switch phase {
        case .waiting where status == 200 && isOwn:
            phase = .begun
            let time = Int(clamping: max(0, now - startedAt) / 1000)
            lane.count(isCanary) { $0.time(microseconds: time) }
        case .suspended: judge(status, isOwn)
        case .waiting, .begun, .settled: break
        }
    }

    /// The request is over, with this status.
    mutating func ended(status: Int, isOwn: Bool) {
        if phase == .suspended { judge(status, isOwn) }
        phase = .settled
    }

    /// A 500 that a second backend repeats is the request's own fault. Where there is no second, nobody can tell.
    private mutating func judge(_ status: Int, _ isOwn: Bool) {
        if status == 500, !isOwn { phase = .settled } else { fail(.status(500)) }
    }

    private mutating func fail(_ failure: AttemptFailure) {
        phase = .settled
        lane.count(isCanary) { $0.fail(reason: failure.reason.rawValue) }
    }
}
