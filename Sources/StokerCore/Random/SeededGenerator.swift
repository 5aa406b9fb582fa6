/// A random number generator whose whole future is its seed (SplitMix64): jitter in production, replay in simulations.
///
/// Not for secrets. Reference: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
package struct SeededGenerator: RandomNumberGenerator, Sendable, Equatable {
    private var state: UInt64

    /// Equal seeds give equal sequences; every seed is good, 0 too.
    package init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A generator for something else, independent of what this one gives from now on.
    package mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }

    /// A number in 0..<1.
    package mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A duration in 0..<bound, to the nanosecond or so; zero when `bound` is not positive.
    package mutating func duration(below bound: Duration) -> Duration {
        bound > .zero ? bound * fraction() : .zero
    }

    /// The duration, shorter or longer by at most a tenth.
    package mutating func jittered(_ duration: Duration) -> Duration { duration * (0.9 + 0.2 * fraction()) }

    /// Whether an event of that probability happens.
    package mutating func chance(_ probability: Double) -> Bool { fraction() < probability }
}
