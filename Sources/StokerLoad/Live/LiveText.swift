import StokerCore

/// Numbers as the live view shows them: short, of stable width, no digits that nobody can trust.
package enum LiveText {
    /// `0.42 ms`, `9.5 ms`, `120 ms`, `1.20 s`, `75 s`.
    package static func latency(_ value: Nanoseconds) -> String {
        let microseconds = max(0, value) / 1000
        switch microseconds {
        case ..<1000: return "\(fixed(Double(microseconds) / 1e3, 2)) ms"
        case ..<10_000: return "\(fixed(Double(microseconds) / 1e3, 1)) ms"
        case ..<1_000_000: return "\(fixed(Double(microseconds) / 1e3, 0)) ms"
        case ..<60_000_000: return "\(fixed(Double(microseconds) / 1e6, 2)) s"
        default: return "\(microseconds / 1_000_000) s"
        }
    }

    /// A count with its thousands apart: `3,612`.
    package static func count(_ value: Int) -> String {
        let digits = Array("\(value.magnitude)")
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// Something per second: one decimal below a hundred, `12.0`, else `3,410`.
    package static func rate(_ value: Double) -> String {
        guard value.isFinite, value > 0 else { return "0" }
        return value < 99.95 ? fixed(value, 1) : count(Int(clamping: value.rounded()))
    }

    /// `0:05`, `12:30`, `1:02:30`.
    package static func clock(_ span: Nanoseconds) -> String {
        let seconds = max(0, span) / 1_000_000_000
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        let tail = "\(hours > 0 && minutes < 10 ? "0" : "")\(minutes):\(rest < 10 ? "0" : "")\(rest)"
        return hours > 0 ? "\(hours):\(tail)" : tail
    }

    /// Rounded half up to so many decimals, at most 3; `value` is neither negative nor beyond an `Int`.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        let scale = [1, 10, 100, 1000][min(max(decimals, 0), 3)]
        let whole = Int(clamping: value * Double(scale) + 0.5)
        guard decimals > 0 else { return "\(whole)" }
        let fraction = "\(whole % scale)"
        return "\(whole / scale).\(String(repeating: "0", count: max(0, decimals - fraction.count)))\(fraction)"
    }
}

extension Int {
    /// What of a number fits; NaN is 0, because `Int(Double.nan)` is a crash.
    fileprivate init(clamping value: Double) {
        guard !value.isNaN else {
            self = 0
            return
        }
        self = value >= 9e18 ? .max : value <= -9e18 ? .min : Int(value)
    }
}
