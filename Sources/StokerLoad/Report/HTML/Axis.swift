internal import Glibc

/// How numbers become places on paper.
struct Axis: Sendable {
    /// The arrangement of values.
    enum Scale: Sendable {
        case linear
        case logarithmic
        /// For fractions: each nine takes as much room, as HdrHistogram's plots have it.
        case nines
    }

    var scale: Scale
    /// In values.
    var from: Double
    var to: Double
    /// In pixels.
    var start: Double
    var end: Double

    init(_ scale: Scale, _ values: ClosedRange<Double>, from start: Double, to end: Double) {
        self.scale = scale
        from = values.lowerBound
        to = values.upperBound
        self.start = start
        self.end = end
    }

    func place(_ value: Double) -> Double {
        let (low, high) = (bent(from), bent(to))
        guard high > low else { return start }
        let share = (bent(value) - low) / (high - low)
        return start + min(max(share, 0), 1) * (end - start)
    }

    private func bent(_ value: Double) -> Double {
        switch scale {
        case .linear: value
        case .logarithmic: log10(max(value, 1e-6))
        case .nines: -log10(max(1 - value, 1e-7))
        }
    }

    /// Values worth a line and a label.
    var ticks: [Double] {
        switch scale {
        case .linear: linearTicks
        case .logarithmic: logarithmicTicks
        case .nines: [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999].filter { $0 <= to + 1e-12 }
        }
    }

    private var linearTicks: [Double] {
        let step = Self.step(to - from, into: 5)
        guard step > 0 else { return [from] }
        return (0...12).map { (from / step).rounded(.up) * step + Double($0) * step }.filter { $0 <= to * 1.0001 }
    }

    private var logarithmicTicks: [Double] {
        let decades = Int(log10(max(from, 1e-6)).rounded(.down))...Int(log10(max(to, 1e-6)).rounded(.up))
        let all = decades.flatMap { decade in [1, 2, 5].map { $0 * pow(10, Double(decade)) } }
        let within = all.filter { $0 >= from * 0.999 && $0 <= to * 1.001 }
        guard within.count > 8 else { return within }
        return decades.map { pow(10, Double($0)) }.filter { $0 >= from * 0.999 && $0 <= to * 1.001 }
    }

    /// 1, 2 or 5 times a power of ten.
    static func step(_ span: Double, into count: Int) -> Double {
        guard span > 0, span.isFinite else { return 0 }
        let raw = span / Double(count)
        let power = pow(10, log10(raw).rounded(.down))
        let lead = raw / power
        return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power
    }

    /// A round number not below this one.
    static func roundedUp(_ value: Double) -> Double {
        guard value > 0 else { return 1 }
        let step = step(value, into: 4)
        return (value / step).rounded(.up) * step
    }
}
