/// What one event loop has counted; merged with the others' at the end, or read now and then by the live view.
///
/// Bounded: a run of a week takes as much as one of a minute. The parts are for confidence intervals and the timeline;
/// when there are too many, neighbours become one.
package struct Tally: Sendable, Equatable {
    /// Most parts: enough for a bootstrap, few enough for their histograms.
    package static let maxParts = 32

    package var total = Part()
    /// Requests of the warm-up, which `total` and `parts` leave out.
    package var warmUp = Part()
    /// Equal stretches of the run by intended send time, from its origin.
    package var parts: [Part] = []
    package var partLength: Nanoseconds
    /// By second at first, then coarser.
    package var timeline: Timeline
    package var errors: [Outcome: ErrorCount] = [:]
    package var span = Span()
    package var client = ClientFacts()

    /// - Parameter partLength: a 32nd of the run where its length is known; it doubles when that was too little.
    package init(partLength: Nanoseconds) {
        self.partLength = max(1, partLength)
        timeline = Timeline(binLength: 1_000_000_000)
    }

    /// What was counted in a stretch of time (by intended send time) or in all of it, warm-up left out.
    package struct Part: Sendable, Codable, Equatable {
        /// What a part other than the total keeps distributions of.
        package static let measures: Set<Measure> = [.ttft, .ttftService, .icl, .tpot, .e2e]

        package var scheduled = 0
        package var sent = 0
        package var outcomes: [Outcome: Int] = [:]
        /// Succeeded and kept every bound of the objective.
        package var good = 0
        package var bounds = BoundCounts()
        package var inputTokens = 0
        package var outputTokens = 0
        package var tokenEvents = 0
        package var coalescedEvents = 0
        /// Requests whose tokens the server counted.
        package var counted = 0
        package var bytes = 0
        package var reused = 0
        package var latencies = LatencyTable()
        /// Ages of censored requests: lower bounds.
        package var censoredAges = LatencyHistogram()

        package init() {}

        // A log keeps the histograms in a form of its own.
        private enum CodingKeys: CodingKey {
            case scheduled, sent, outcomes, good, bounds, inputTokens, outputTokens, tokenEvents, coalescedEvents
            case counted, bytes, reused
        }
    }

    /// How requests that succeeded kept each bound of the objective.
    package struct BoundCounts: Sendable, Codable, Equatable {
        package var ttft = Kept()
        package var tpot = Kept()
        package var e2e = Kept()

        /// Of one bound.
        package struct Kept: Sendable, Codable, Equatable {
            package var kept = 0
            package var missed = 0
            /// Requests that cannot have the value, such as the time per token of an answer of one token.
            package var undefined = 0
        }
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

    /// Between which times measured requests were wanted, sent and ended; 0 when none was.
    package struct Span: Sendable, Codable, Equatable {
        package var lastScheduled: Nanoseconds = 0
        package var lastSent: Nanoseconds = 0
        package var lastEnd: Nanoseconds = 0
    }

    /// Bytes of all histograms.
    package var footprint: Int {
        (parts + [total, warmUp]).reduce(client.loopLag.footprint) {
            $0 + $1.latencies.footprint + $1.censoredAges.footprint
        }
    }
}
