/// What one event loop has counted; merged with the others' at the end, or read now and then by the live view.
///
/// Bounded: a run of a week takes as much as one of a minute. The parts are for confidence intervals and the timeline;
/// when there are too many, neighbours become one.
package struct Tally: Sendable {
    package var total = Part()
    /// Equal stretches of the run by intended send time, from its origin.
    package var parts: [Part] = []
    package var partLength: Nanoseconds
    /// By second at first, then coarser.
    package var timeline: Timeline
    package var errors: [Outcome: ErrorCount] = [:]
    package var client = ClientFacts()

    package init(partLength: Nanoseconds) {
        self.partLength = partLength
        timeline = Timeline(binLength: 1_000_000_000)
    }

    /// What was counted in a stretch of time (by intended send time) or in all of it, warm-up left out.
    package struct Part: Sendable {
        package var scheduled = 0
        package var sent = 0
        package var outcomes: [Outcome: Int] = [:]
        /// Succeeded and kept every bound of the objective.
        package var good = 0
        package var inputTokens = 0
        package var outputTokens = 0
        package var tokenEvents = 0
        package var coalescedEvents = 0
        /// Requests whose tokens the server counted.
        package var counted = 0
        package var bytes = 0
        package var reused = 0
        package var latencies: [Measure: LatencyHistogram] = [:]
        /// Ages of censored requests: lower bounds.
        package var censoredAges = LatencyHistogram()

        package init() {}
    }

    /// One class of failure.
    package struct ErrorCount: Sendable, Codable, Equatable {
        package var count: Int
        /// Since the run's origin.
        package var first: Nanoseconds
        package var last: Nanoseconds
        /// The beginning of one answer or of the system's words, at most 512 bytes.
        package var sample: String

        package init(count: Int, first: Nanoseconds, last: Nanoseconds, sample: String) {
            self.count = count
            self.first = first
            self.last = last
            self.sample = sample
        }
    }
}

/// What the generator noticed about itself.
package struct ClientFacts: Sendable {
    /// How late each round of the loop was for its timers.
    package var loopLag = LatencyHistogram()
    package var connections = 0
    package var mostInFlight = 0
    /// CPU time of this process while it measured.
    package var cpu: Nanoseconds = 0
    /// Wall time of the same.
    package var wall: Nanoseconds = 0
    /// Processors this process may use: affinity and cgroup quota together.
    package var processors = 0.0
    package var descriptorLimit = 0
    /// Time-weighted requests in flight, in request-nanoseconds; by Little's law it equals the sum of end-to-end times.
    package var inFlightTime = 0.0
    package var residenceTime = 0.0
    package var measurementErrors = 0
    /// Time that the kernel kept this process from running because its cgroup had used up its quota.
    package var throttled: Nanoseconds = 0

    package init() {}
}
