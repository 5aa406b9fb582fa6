/// A canary that is on its way: at which step, for how long, and what it has shown.
package struct CanaryRun: Sendable, Equatable {
    package var order: CanaryOrder
    package let salt: UInt32
    package let startedAt: Timestamp
    /// A place in `order.steps`.
    package private(set) var step: Int
    /// How long this step has lasted while the canary served.
    package private(set) var served = Duration.zero
    package private(set) var evidence = CanaryEvidence()
    /// First attempts of this step.
    package private(set) var inStep = FirstAttempts()
    /// First attempts of the whole run, of both sides.
    package private(set) var canary = FirstAttempts()
    package private(set) var stable = FirstAttempts()
    /// Its share is back with stable, because none of its backends serves.
    package private(set) var isPaused = false
    private var goneSince: Duration?
    private var lastTick: Duration?
    /// Up to where the gateway's counts were read; nil: what they say first is from before.
    private var seen: CanaryCounts?

    /// - Parameter isNew: false for a run that an earlier control plane began: its evidence went with it.
    init(_ order: CanaryOrder, salt: UInt32, step: Int = 0, startedAt: Timestamp, isNew: Bool = true) {
        self.order = order
        self.salt = salt
        self.step = min(max(0, step), max(0, order.steps.count - 1))
        self.startedAt = startedAt
        if isNew { seen = blank }
    }

    /// The share of this step, in per mille.
    package var permille: Int { order.steps.isEmpty ? 1000 : order.steps[step] }
    /// The share of the next step; nil on the last.
    package var nextPermille: Int? { step + 1 < order.steps.count ? order.steps[step + 1] : nil }

    package var split: CanarySplit? {
        isPaused ? nil : CanarySplit(backends: order.backends, permille: permille, salt: salt)
    }

    /// First attempts on the canary in this step that say something.
    package var counted: Int { max(0, inStep.begun - inStep.refused) }
    /// How much longer the step lasts at least.
    package var remaining: Duration { max(.zero, order.hold - served) }
    /// Evidence that is too weak to roll back and too strong to go on.
    package var isUnderSuspicion: Bool { evidence.wealth >= Self.suspicion }
    package var isPassed: Bool {
        !isPaused && goneSince == nil && remaining == .zero && counted >= order.minRequests && !isUnderSuspicion
    }

    /// Where a step waits for more evidence, of either kind.
    package static let suspicion = 10.0
    /// How long the canary may be away before its share goes back to stable.
    package static let grace = Duration.seconds(10)
    /// How long before it is given up.
    package static let patience = Duration.seconds(300)

    private var blank: CanaryCounts { CanaryCounts(model: "", permille: permille, salt: salt) }

    // MARK: What happens

    mutating func advance() {
        step = min(step + 1, order.steps.count - 1)
        served = .zero
        inStep = FirstAttempts()
        seen = blank
        evidence.begin()
    }

    /// Takes a report of the gateway, unless it is about another split.
    mutating func take(_ counts: CanaryCounts, at now: Duration) {
        guard !isPaused, counts.salt == salt, counts.permille == permille else { return }
        defer { seen = counts }
        guard let seen else { return }
        let news = (canary: counts.canary.since(seen.canary), stable: counts.stable.since(seen.stable))
        inStep.add(news.canary)
        canary.add(news.canary)
        stable.add(news.stable)
        evidence.look(canary: news.canary, stable: news.stable, at: now)
    }

    /// What the time and the canary's presence lead to.
    enum Turn: Equatable {
        case none, paused, resumed, lost
    }

    mutating func tick(isServing: Bool, at now: Duration) -> Turn {
        defer { lastTick = now }
        if isServing {
            goneSince = nil
            guard isPaused else {
                served += max(.zero, now - (lastTick ?? now))
                return .none
            }
            isPaused = false
            seen = blank
            evidence.begin()
            return .resumed
        }
        let gone = now - (goneSince ?? now)
        goneSince = goneSince ?? now
        if gone >= Self.patience { return .lost }
        guard gone >= Self.grace, !isPaused else { return .none }
        isPaused = true
        return .paused
    }
}
