/// How a backend leaves the rotation at its first connection error and comes back: a value, one per backend.
///
/// working → (connection error) → suspect → asked after 100 ms, 200 ms, … 2 s → (2xx) → working
package struct BackendRecovery: Sendable, Equatable {
    package enum Event: Sendable, Equatable {
        /// A request's connection was refused, timed out, or was reset before a byte of the answer.
        case connectionFailed
        /// The health path answered 2xx.
        case answered(generation: UInt64)
        /// It did not.
        case silent(generation: UInt64)
        /// The control plane has put it into rotation again: worth a question at once.
        case vouched
    }

    package enum Effect: Sendable, Equatable {
        /// Ask the health path after this long, and report with this generation.
        case ask(after: Duration, generation: UInt64)
        /// It gets requests again.
        case readmit
    }

    /// The first wait; each following one is twice as long.
    package static let initialDelay = Duration.milliseconds(100)
    package static let maxDelay = Duration.seconds(2)

    /// Whether it gets requests.
    package private(set) var isWorking = true
    private var failures = 0
    /// Each failure of a working backend begins a new one, so that a late answer to an older question means nothing.
    private var generation: UInt64 = 0

    package init() {}

    /// - Parameter jitter: 0 to 1, drawn anew for each call; spreads the waits by ±10 %.
    package mutating func handle(_ event: Event, jitter: Double) -> Effect? {
        switch event {
        case .connectionFailed:
            // Many requests fail at once when a process dies: the first one starts the recovery.
            guard isWorking else { return nil }
            isWorking = false
            failures = 0
            generation += 1
            return .ask(after: delay(jitter), generation: generation)
        case .answered(let answered):
            guard !isWorking, answered == generation else { return nil }
            isWorking = true
            return .readmit
        case .silent(let asked):
            guard !isWorking, asked == generation else { return nil }
            failures += 1
            return .ask(after: delay(jitter), generation: generation)
        case .vouched:
            guard !isWorking else { return nil }
            failures = 0
            generation += 1
            return .ask(after: .zero, generation: generation)
        }
    }

    private func delay(_ jitter: Double) -> Duration {
        let doubled = Self.initialDelay * (1 << min(failures, 10))
        return min(doubled, Self.maxDelay) * (0.9 + 0.2 * min(max(jitter, 0), 1))
    }
}
