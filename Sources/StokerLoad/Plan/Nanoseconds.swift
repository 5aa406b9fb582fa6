/// A point in a run, counted from its origin, or a length of time.
///
/// A plain number, because the hot path keeps and compares millions of them. Always from `CLOCK_MONOTONIC`, which no
/// administrator and no NTP server moves.
package typealias Nanoseconds = Int64

extension Duration {
    /// Whole nanoseconds, clamped to ±292 years.
    package var nanoseconds: Nanoseconds {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, isTooMuch) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isTooMuch ? (seconds < 0 ? .min : .max) : sum
    }
}
