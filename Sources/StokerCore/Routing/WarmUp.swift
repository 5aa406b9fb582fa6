/// How a backend that came back works its way up to its whole share: by the tokens that it delivers, because an engine
/// warms up by work (kernels, caches, clocks) and not by waiting; and by time where there is no work.
package struct WarmUp: Sendable, Equatable {
    /// What it begins with, of `Balancer.fullShare`.
    package static let floor = Balancer.fullShare / 10
    /// With so many tokens it is warm.
    package static let tokens = 2000
    /// And after this long in any case.
    package static let time = Duration.seconds(60)

    /// Tokens since it began; nil: it is warm.
    private var delivered: Int?
    private var generation: UInt64 = 0

    package init() {}

    package var isOver: Bool { delivered == nil }

    /// What it gets of what falls to others, of `Balancer.fullShare`.
    package var share: Int {
        guard let delivered else { return Balancer.fullShare }
        return Self.floor + (Balancer.fullShare - Self.floor) * delivered / Self.tokens
    }

    mutating func begin() -> BackendRecovery.Effect {
        delivered = 0
        generation += 1
        return .warm(for: Self.time, generation: generation)
    }

    mutating func deliver(_ tokens: Int) {
        guard let before = delivered else { return }
        let sum = before + min(max(0, tokens), Self.tokens)
        delivered = sum < Self.tokens ? sum : nil
    }

    mutating func end(_ begun: UInt64) {
        if begun == generation { delivered = nil }
    }
}
