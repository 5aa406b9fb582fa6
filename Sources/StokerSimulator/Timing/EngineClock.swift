/// An engine's own time, in nanoseconds: it stands still while the engine is frozen.
///
/// So a stall of S seconds moves everything that was still to come by exactly S, queued, running and newly arrived.
package struct EngineClock: Sendable, Equatable {
    /// Time that freezes have taken so far.
    private var lost: Int64 = 0
    private var frozenAt: Int64?

    package init() {}

    package var isFrozen: Bool { frozenAt != nil }

    /// The engine's time at a moment of the real clock.
    package func reading(at real: Int64) -> Int64 { (frozenAt ?? real) - lost }

    /// When the real clock reaches a time of the engine; nil while frozen, as nobody knows.
    package func moment(of engine: Int64) -> Int64? { frozenAt == nil ? engine + lost : nil }

    package mutating func freeze(at real: Int64) { frozenAt = frozenAt ?? real }

    package mutating func thaw(at real: Int64) {
        guard let frozenAt else { return }
        lost += max(0, real - frozenAt)
        self.frozenAt = nil
    }
}
