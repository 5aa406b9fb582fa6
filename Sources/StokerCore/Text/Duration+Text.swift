extension Duration {
    /// Whole milliseconds, clamped to what fits; fractions are cut.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return whole &+ attoseconds / 1_000_000_000_000_000
    }

    /// Whole nanoseconds, clamped to ±292 years; fractions are cut.
    @inlinable
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, isTooMuch) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isTooMuch ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds with a fraction, as metrics want them.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// Reads `250ms`, `5s`, `10m`, `1h` or `1d`; a number without a unit is refused, because its unit would be a guess.
    ///
    /// - Returns: nil for anything else: signs, fractions, spaces, several units, or more than 10 years.
    package init?(text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let count = Int64(digits) else { return nil }
        let perUnit: Int64
        switch text.dropFirst(digits.count) {
        case "ms": perUnit = 1
        case "s": perUnit = 1000
        case "m": perUnit = 60_000
        case "h": perUnit = 3_600_000
        case "d": perUnit = 86_400_000
        default: return nil
        }
        let (total, overflow) = count.multipliedReportingOverflow(by: perUnit)
        guard !overflow, total <= 3650 * 86_400_000 else { return nil }
        self = .milliseconds(total)
    }

    /// The shortest text that `init(text:)` reads back as the same whole milliseconds.
    package var text: String {
        let total = milliseconds
        for (suffix, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] as [(String, Int64)]
        where total != 0 && total % size == 0 {
            return "\(total / size)\(suffix)"
        }
        return total == 0 ? "0s" : "\(total)ms"
    }
}
