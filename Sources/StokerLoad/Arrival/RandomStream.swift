package import StokerCore

/// What random numbers are drawn for. Each purpose has a sequence of its own, so that asking one more question of one
/// does not shift what another draws.
package enum RandomStream: UInt64, Sendable, CaseIterable {
    case arrivals = 1
    case thinkTime
    case prompts
    /// Warm-up must not put the measured prompts into the engine's cache.
    case warmUpPrompts
    case sharedPrefix
    case block
    case order
    case words
}

extension SeededGenerator {
    /// The generator for one purpose of a plan, and where that is not enough, for numbered parts of it.
    ///
    /// Each step goes through the generator's own mixing: seeds that differ by a little would give sequences that
    /// overlap.
    package init(seed: UInt64, _ stream: RandomStream, _ parts: Int...) {
        var mixed = SeededGenerator(seed: seed).first ^ stream.rawValue
        for part in parts { mixed = SeededGenerator(seed: mixed).first ^ UInt64(bitPattern: Int64(part)) }
        self.init(seed: SeededGenerator(seed: mixed).first)
    }

    /// What `next` would give.
    private var first: UInt64 {
        var copy = self
        return copy.next()
    }
}
