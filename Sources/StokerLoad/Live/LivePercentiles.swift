/// A distribution's percentiles so far, each withheld until enough was seen to mean it.
struct LivePercentiles {
    static let shown: [Double] = [0.5, 0.9, 0.99]

    private let histogram: LatencyHistogram

    init(_ histogram: LatencyHistogram) { self.histogram = histogram }

    var count: Int { histogram.count }

    func value(_ fraction: Double) -> Nanoseconds? { histogram.trustedQuantile(fraction) }

    /// The value, or how many samples it takes: `n<662`.
    func text(_ fraction: Double) -> String {
        value(fraction).map(LiveText.latency) ?? "n<\(SampleSize.needed(for: fraction))"
    }
}
