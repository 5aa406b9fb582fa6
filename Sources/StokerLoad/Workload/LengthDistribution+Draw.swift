internal import StokerCore

#if canImport(Glibc)
    import Glibc
#endif

extension LengthDistribution {
    /// Beyond every context window; a draw from a long tail stops here.
    package static let longest = 10_000_000

    /// One length, 1 to `longest`.
    package func draw(using generator: inout some RandomNumberGenerator) -> Int {
        switch self {
        case .constant(let value): Self.clamp(Double(value))
        case .uniform(let range): Self.clamp(Double(Int.random(in: range, using: &generator)))
        case .normal(let mean, let deviation): Self.clamp(mean + deviation * Self.normal(&generator))
        case .lognormal(let mean, let deviation): Self.lognormal(mean, deviation, &generator)
        }
    }

    /// From mean and deviation of the values to those of their logarithms.
    private static func lognormal(
        _ mean: Double, _ deviation: Double, _ generator: inout some RandomNumberGenerator
    ) -> Int {
        guard mean > 0 else { return 1 }
        let spread = log(1 + (deviation / mean) * (deviation / mean))
        return clamp(exp(log(mean) - spread / 2 + spread.squareRoot() * normal(&generator)))
    }

    private static func normal(_ generator: inout some RandomNumberGenerator) -> Double {
        var seeded = SeededGenerator(seed: generator.next())
        return seeded.normal()
    }

    private static func clamp(_ value: Double) -> Int {
        value.isNaN ? 1 : Int(min(max(1, value.rounded()), Double(longest)))
    }
}
