import Glibc
import StokerCore

/// How long something takes: a fixed time, or a distribution to draw from.
package enum LatencyModel: Sendable, Equatable {
    case constant(Duration)
    /// Cut at 0, so its mean is a little higher where the deviation is near the mean.
    case normal(mean: Duration, deviation: Duration)
    /// Mean and deviation are those of the times, not of their logarithms.
    case lognormal(mean: Duration, deviation: Duration)
    /// `rare` in this share of all draws, `usual` in the others.
    case bimodal(usual: Duration, rare: Duration, share: Double)

    /// What `init(text:)` reads, for messages.
    package static let forms = "300ms, normal:300ms,50ms, lognormal:300ms,50ms or bimodal:20ms,500ms,0.1"

    /// Reads `300ms`, `normal:MEAN,DEVIATION`, `lognormal:MEAN,DEVIATION` or `bimodal:USUAL,RARE,SHARE`.
    ///
    /// - Returns: nil for anything else, a lognormal mean of 0, and a share outside of 0 to 1.
    package init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            guard let duration = Duration(text: text) else { return nil }
            self = .constant(duration)
            return
        }
        let values = parts[1].split(separator: ",", omittingEmptySubsequences: false)
        let times = values.prefix(2).compactMap { Duration(text: $0) }
        guard times.count == 2 else { return nil }
        switch (parts[0], values.count) {
        case ("normal", 2): self = .normal(mean: times[0], deviation: times[1])
        case ("lognormal", 2) where times[0] > .zero: self = .lognormal(mean: times[0], deviation: times[1])
        case ("bimodal", 3):
            guard let share = Double(values[2]), (0...1).contains(share) else { return nil }
            self = .bimodal(usual: times[0], rare: times[1], share: share)
        default: return nil
        }
    }

    /// One time in nanoseconds, never negative, at most a century.
    package func draw(_ random: inout SeededRandom) -> Int64 {
        switch self {
        case .constant(let time): return time.clampedNanoseconds
        case .normal(let mean, let deviation):
            return Self.clamped(mean.inSeconds + deviation.inSeconds * random.normal())
        case .lognormal(let mean, let deviation):
            let variance = log(1 + (deviation / mean) * (deviation / mean))
            return Self.clamped(exp(log(mean.inSeconds) - variance / 2 + variance.squareRoot() * random.normal()))
        case .bimodal(let usual, let rare, let share):
            return (random.uniform() < share ? rare : usual).clampedNanoseconds
        }
    }

    private static func clamped(_ seconds: Double) -> Int64 {
        // Written so that NaN is 0 too.
        seconds > 0 ? Int64(min(seconds, Duration.century.inSeconds) * 1e9) : 0
    }
}

extension Duration {
    /// Longer waits are as good as for ever, and a sum with a clock's reading must fit 64 bits.
    static var century: Duration { .seconds(3_155_760_000) }

    /// Whole nanoseconds from 0 to a century.
    var clampedNanoseconds: Int64 { max(.zero, min(self, .century)).nanoseconds }
}
