/// Notices, while a step runs, that a server falls behind for ever: requests in flight and TTFT both rise, and go on
/// rising (guidellm's rule). One alone does not count: users that are still being spawned raise the first, a few long
/// prompts the second.
package struct Divergence: Sendable, Equatable {
    /// One look at the run.
    package struct Sample: Sendable, Equatable {
        package var inFlight: Double
        /// Of requests whose first token came since the last look; seconds. Not of those that ended: with long answers
        /// they tell too late (guidellm issue 606).
        package var ttft: Double

        package init(inFlight: Double, ttft: Double) {
            self.inFlight = inFlight
            self.ttft = ttft
        }
    }

    /// Looks before anything is said.
    package static let leastSamples = 12
    /// How sure a slope must be, in its own standard errors. Noise alone gets beyond it once in a million looks.
    package static let leastSureness = 5.0
    /// A rise from the first to the last look of less than this part of the mean is no danger.
    package static let leastRise = 0.5

    private var samples: [Sample] = []

    package init() {}

    /// Takes one look in; returns whether both rise without end. Looks are an equal time apart; those in which no first
    /// token came are left out by the caller.
    package mutating func handle(_ sample: Sample) -> Bool {
        samples.append(sample)
        // The later half decides: what rose while caches and batches filled may have settled since.
        if samples.count > 4096 { samples.removeFirst(2048) }
        let late = samples.suffix(max(Self.leastSamples, samples.count / 2))
        guard late.count >= Self.leastSamples else { return false }
        return Self.rises(late.map(\.inFlight)) && Self.rises(late.map(\.ttft))
    }

    /// Whether a straight line through the values surely goes up, and by how much matters.
    static func rises(_ values: [Double]) -> Bool {
        let count = Double(values.count)
        let middle = (count - 1) / 2
        let mean = values.reduce(0, +) / count
        let spread = (count * count - 1) * count / 12
        let slope = values.enumerated().reduce(0) { $0 + (Double($1.offset) - middle) * ($1.element - mean) } / spread
        guard mean > 0, slope * (count - 1) > leastRise * mean else { return false }
        let errors = values.enumerated().reduce(0) { sum, value in
            let error = value.element - mean - slope * (Double(value.offset) - middle)
            return sum + error * error
        }
        let deviation = (errors / (count - 2) / spread).squareRoot()
        return slope > leastSureness * deviation
    }
}
