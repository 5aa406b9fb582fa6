import Glibc

/// Random numbers that a seed repeats on every machine (splitmix64); not for secrets.
package struct SeededRandom: Sendable {
    private var state: UInt64

    /// - Parameters:
    ///   - seed: The run's.
    ///   - stream: What is drawn for: the hash of a prompt.
    ///   - index: Which draw; each has numbers of its own, whatever was drawn before it.
    package init(seed: UInt64, stream: UInt64 = 0, index: Int = 0) {
        state = Self.mix(seed ^ Self.mix(stream ^ Self.mix(UInt64(truncatingIfNeeded: index))))
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mix(state)
    }

    /// Above 0 and below 1: a logarithm of it is finite.
    package mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) / Double(1 << 53) }

    /// Mean 0, deviation 1 (Box and Muller).
    package mutating func normal() -> Double {
        let radius = (-2 * log(uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var bits = value &+ 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
