/// How numbers are written on the page.
enum NumberText {
    /// A sample value: integers without a point, everything else the shortest text that reads back the same.
    static func append(_ value: Double, to page: inout [UInt8]) {
        if value.isNaN {
            page.append(contentsOf: "NaN".utf8)
        } else if value.isInfinite {
            page.append(contentsOf: (value > 0 ? "+Inf" : "-Inf").utf8)
        } else if let whole = Int64(exactly: value), whole.magnitude < 1 << 54 {
            // From 2^54 on Swift itself writes an exponent.
            append(whole, to: &page)
        } else {
            page.append(contentsOf: value.description.utf8)
        }
    }

    /// A whole number, without making a string of it.
    static func append(_ value: some BinaryInteger, to page: inout [UInt8]) {
        if value < 0 { page.append(UInt8(ascii: "-")) }
        var rest = UInt64(value.magnitude)
        let start = page.count
        repeat {
            page.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        page[start...].reverse()
    }

    /// The value of a label `le`: OpenMetrics' canonical form in both formats, because it is the identity of the
    /// series.
    ///
    /// It is Go's `%g` with a point added to what would look like an integer: `1.0`, `0.25`, `1e+06`, `1.048576e+06`.
    static func edge(_ value: Double) -> String {
        guard value.isFinite else { return value > 0 ? "+Inf" : "-Inf" }
        guard value != 0 else { return "0.0" }
        let (digits, exponent) = decimal(value.magnitude)
        let sign = value < 0 ? "-" : ""
        if exponent < -4 || exponent >= 6 {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
            return "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(power)"
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let padded = digits + String(repeating: "0", count: max(0, exponent + 1 - digits.count))
        let fraction = padded.dropFirst(exponent + 1)
        return "\(sign)\(padded.prefix(exponent + 1)).\(fraction.isEmpty ? "0" : fraction)"
    }

    /// The shortest decimal digits of a positive number and the power of ten of the first one.
    private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
        // Swift prints the shortest digits that round-trip; only their arrangement differs from what is wanted.
        let parts = value.description.split(separator: "e", maxSplits: 1)
        let mantissa = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let whole = mantissa[0]
        let all = whole + (mantissa.count > 1 ? mantissa[1] : "")
        let significant = all.drop { $0 == "0" }
        let leadingZeros = all.count - significant.count
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        var digits = String(significant)
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return (digits, whole.count - 1 - leadingZeros + power)
    }
}
