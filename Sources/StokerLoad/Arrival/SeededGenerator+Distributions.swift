package import StokerCore

#if canImport(Glibc)
    import Glibc
#endif

extension SeededGenerator {
    /// From the exponential distribution with mean 1.
    package mutating func exponential() -> Double { -log(1 - fraction()) }

    /// From the standard normal distribution, by Marsaglia's polar method (its second value is thrown away: a generator
    /// that keeps half a pair is no longer just its seed).
    package mutating func normal() -> Double {
        while true {
            let x = 2 * fraction() - 1
            let y = 2 * fraction() - 1
            let square = x * x + y * y
            if square > 0, square < 1 { return x * (-2 * log(square) / square).squareRoot() }
        }
    }

    /// From the gamma distribution with this shape (above 0) and scale 1, so that its mean is the shape.
    ///
    /// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
    package mutating func gamma(shape: Double) -> Double {
        // Below 1 the method does not hold; theirs is this detour, by a power of a uniform number.
        guard shape >= 1 else { return gamma(shape: shape + 1) * pow(1 - fraction(), 1 / shape) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let root = 1 + c * x
            guard root > 0 else { continue }
            let v = root * root * root
            if log(1 - fraction()) < 0.5 * x * x + d * (1 - v + log(v)) { return d * v }
        }
    }
}

extension TimeDistribution {
    /// The longest that is ever drawn: an exponential has no end, a run has.
    private static var longest: Double { 86_400e9 }

    /// One value, never negative.
    package func draw(using generator: inout SeededGenerator) -> Nanoseconds {
        switch self {
        case .constant(let value): max(0, value)
        case .uniform(let range): max(0, Nanoseconds.random(in: range, using: &generator))
        case .exponential(let mean): Nanoseconds(min(Self.longest, Double(max(0, mean)) * generator.exponential()))
        }
    }
}
