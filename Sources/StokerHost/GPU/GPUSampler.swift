import CLinux
package import StokerCore
import Synchronization

/// Asks one source again and again on a thread of its own, and keeps what it last said for whoever wants to know. The
/// source may hang for as long as it likes: nobody waits for it, there is never a second thread, and what it said
/// before is not taken for the present.
package final class GPUSampler: Sendable {
    /// When it asks, and when it loses patience.
    package struct Timing: Sendable {
        /// Between an answer and the next question.
        package var interval = Duration.seconds(1)
        /// Longest pause after answers that were none.
        package var longestPause = Duration.seconds(30)
        /// A question that is open for so long makes the source silent.
        package var patience = Duration.seconds(5)

        package init() {}
    }

    private struct State {
        var facts = GPUSourceFacts()
        var readings: [GPUReading] = []
        var hasEnded = false
    }

    let kind: GPUSourceState.Source
    private let timing: Timing
    private let clock: GPUClock
    private let log = GPUCallLog()
    private let owners: GPUOwners
    private let bell: Descriptor
    private let state = Mutex(State())

    /// Nothing runs before `start`.
    init(
        kind: GPUSourceState.Source, timing: Timing, clock: GPUClock, owners: GPUOwners, bell: Descriptor
    ) {
        self.kind = kind
        self.timing = timing
        self.clock = clock
        self.owners = owners
        self.bell = bell
    }

    /// Starts the thread, on which the source is made and asked until the bell rings.
    func start(_ make: @escaping @Sendable (GPUCallLog) -> any GPUSource) throws(SystemError) {
        try OwnThread.start(named: "gpu-\(kind.rawValue)") { [self] in
            let source = make(log)
            run(source)
            source.end()
            state.withLock { $0.hasEnded = true }
        }
    }

    /// Whether its thread is done with the driver.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// What it said last, and whether that may still be believed.
    func report() -> (state: GPUSourceState, readings: [GPUReading]) {
        let call = log.text
        return state.withLock { state in
            var facts = state.facts
            facts.call = call
            return (facts.state(of: kind, at: clock.monotonic(), patience: timing.patience), state.readings)
        }
    }

    private func run(_ source: any GPUSource) {
        var pause = timing.interval
        repeat {
            let isGood = ask(source)
            // A driver that is not there is looked for less and less often.
            pause = isGood ? timing.interval : min(pause * 2, max(timing.interval, timing.longestPause))
        } while !bell.waitUntilReadable(Deadline(after: pause))
    }

    /// One question; whether there was something to see.
    private func ask(_ source: any GPUSource) -> Bool {
        state.withLock { $0.facts.askedAt = clock.monotonic() }
        let answer = Result { () throws(GPUSourceFailure) in owners.describe(try source.read()) }
        let (now, wall) = (clock.monotonic(), clock.wall())
        return state.withLock { state in
            state.facts.askedAt = nil
            state.facts.answeredAt = now
            switch answer {
            case .success(let readings):
                state.readings = readings
                state.facts.failure = nil
                state.facts.lastAnswer = wall
                state.facts.errors += Int64(readings.reduce(0) { $0 + $1.faults.count })
                return !readings.isEmpty
            case .failure(let failure):
                state.facts.failure = failure.reason
                state.facts.errors += 1
                return false
            }
        }
    }
}

/// The two times that readings need, as functions, so that a test decides what they say.
package struct GPUClock: Sendable {
    /// Time that only goes forward.
    package var monotonic: @Sendable () -> Duration
    /// Wall-clock time.
    package var wall: @Sendable () -> Timestamp

    package init(monotonic: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Timestamp) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
