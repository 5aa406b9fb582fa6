/// How far a sample is from a law.
package enum Kolmogorov {
    /// The largest distance between the sample's distribution function and the law's; 0 for no sample.
    package static func distance(_ sample: [Double], from law: (Double) -> Double) -> Double {
        let count = Double(sample.count)
        return sample.sorted().enumerated().reduce(0) { worst, item in
            let expected = law(item.element)
            let below = abs(expected - Double(item.offset) / count)
            return max(worst, below, abs(Double(item.offset + 1) / count - expected))
        }
    }
}
