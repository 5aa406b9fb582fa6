/// Numbers as people read them: no more digits than the measurement has.
package enum Figure {
    /// With so many digits after the point; `-` for what is no number.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        let scale = (0..<digits).reduce(1.0) { power, _ in power * 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 9e18 else { return "-" }
        let whole = Int64(scaled)
        let unit = Int64(scale)
        let sign = value < 0 && whole > 0 ? "-" : ""
        let fraction = String(whole % unit)
        let padded = String(repeating: "0", count: max(0, digits - fraction.count)) + fraction
        return sign + grouped(whole / unit) + (digits > 0 ? "." + padded : "")
    }

    /// Three significant digits, all digits of a whole number before the point.
    package static func significant(_ value: Double) -> String {
        switch abs(value) {
        case 0: "0"
        case ..<0.1: fixed(value, 3)
        case ..<10: fixed(value, 2)
        case ..<100: fixed(value, 1)
        default: fixed(value, 0)
        }
    }

    /// As few digits as say it, at most three after the point.
    package static func short(_ value: Double) -> String {
        var text = fixed(value, 3)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// A whole number with its thousands apart.
    package static func count(_ value: Int) -> String {
        (value < 0 ? "-" : "") + grouped(Int64(clamping: value.magnitude))
    }

    /// A share of 1 in percent.
    package static func percent(_ share: Double) -> String {
        let value = (share * 1000).rounded() / 10
        return fixed(value, abs(value) >= 99.95 || value == 0 || abs(value) >= 10 && value == value.rounded() ? 0 : 1)
            + "%"
    }

    /// A length of time in the unit that suits it.
    package static func time(_ value: Nanoseconds) -> String { milliseconds(Double(value) / 1e6) }

    /// Milliseconds in the unit that suits them.
    package static func milliseconds(_ value: Double) -> String {
        switch abs(value) {
        case 0: "0 s"
        case ..<0.9995: short(value * 1000, "µs")
        case ..<999.5: short(value, "ms")
        case ..<599_500: short(value / 1000, "s")
        default: short(value / 60_000, "min")
        }
    }

    private static func short(_ value: Double, _ unit: String) -> String {
        var text = significant(value)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return "\(text) \(unit)"
    }

    private static func grouped(_ value: Int64) -> String {
        var rest = String(value)[...]
        var groups: [Substring] = []
        while rest.count > 3 {
            groups.append(rest.suffix(3))
            rest = rest.dropLast(3)
        }
        groups.append(rest)
        return groups.reversed().joined(separator: ",")
    }
}

extension LengthDistribution {
    /// Such as `512` or `normal around 512 ± 128`.
    package var words: String {
        switch self {
        case .constant(let value): "\(value)"
        case .uniform(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .normal(let mean, let deviation):
            "normal around \(Figure.short(mean)) ± \(Figure.short(deviation))"
        case .lognormal(let mean, let deviation):
            "lognormal around \(Figure.short(mean)) ± \(Figure.short(deviation))"
        }
    }
}

extension Figure {
    /// For files: no thousands, a point.
    static func plain(_ value: Double, _ digits: Int) -> String { String(fixed(value, digits).filter { $0 != "," }) }
}
