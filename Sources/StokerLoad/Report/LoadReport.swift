/// What a run found out, ready to be shown: every renderer and every comparison reads this and nothing else.
package struct LoadReport: Sendable, Codable, Equatable {
    /// Name and version of the JSON form.
    package static let schemaName = "stoker-load/1"
    /// Changes whenever a measure means something else; reports of different definitions are not compared.
    package static let definitions = 1

    package var schema = Self.schemaName
    package var definitionVersion = Self.definitions
    package var run: RunFacts
    package var plan: PlanFacts
    package var verdict: Verdict
    package var window: MeasuredWindow
    package var counts: Counts
    package var errors: [ErrorRow]
    package var rates: Rates
    package var distributions: [Distribution]
    package var objective: [BoundRow]
    package var tokens: TokenFacts
    /// What holds tokens back between the model and the client, in words; nil: nothing seems to.
    package var buffering: String?
    package var steadiness: Steadiness?
    package var client: ClientSummary
    package var timeline: Timeline
    /// Histograms of stretches of the run, so that reports can be compared with their uncertainty.
    package var parts: [PartRow]
    package var thresholds: [ThresholdResult] = []
    /// Steps of a search for the most load, when this report is of one.
    package var sweep: [SweepStep] = []
    package var exitStatus: Int32 = 0

    /// How many requests ended how, warm-up left out.
    package struct Counts: Sendable, Codable, Equatable {
        package var scheduled: Int
        package var sent: Int
        package var ok: Int
        /// Dropped ones too.
        package var bad: Int
        package var dropped: Int
        /// Cut by the run's end.
        package var censored: Int
        package var good: Int
        package var warmUp: Int
    }

    /// A class of failures.
    package struct ErrorRow: Sendable, Codable, Equatable {
        package var outcome: Outcome
        package var count: Int
        /// Seconds since the run's origin.
        package var first: Double
        package var last: Double
        package var sample: String
    }

    /// Amounts a second of the measured window.
    package struct Rates: Sendable, Codable, Equatable {
        /// nil in a closed loop, which wants no rate.
        package var target: Double?
        package var achieved: Double
        /// Requests that succeeded and ended in the window.
        package var requests: Double
        package var outputTokens: Double
        package var inputTokens: Double
        package var goodput: Double
        /// Good ones as a share of all that were not censored.
        package var attainment: Double?
        package var errorRate: Double?
    }

    /// One bound of the objective.
    package struct BoundRow: Sendable, Codable, Equatable {
        package var measure: Measure
        package var boundMs: Double
        package var kept: Int
        package var missed: Int
        /// Requests that cannot have the value: not held against anyone.
        package var undefined: Int

        /// Of the requests that succeeded and can have the value.
        package var share: Double? { kept + missed > 0 ? Double(kept) / Double(kept + missed) : nil }
    }

    /// What is known of tokens, and from whom.
    package struct TokenFacts: Sendable, Codable, Equatable {
        /// Who counted: the server, or one for each event, or some of both.
        package enum Source: String, Sendable, Codable {
            case usage, events, mixed
        }

        package var source: Source
        package var input: Int
        package var output: Int
        package var meanInput: Double?
        package var meanOutput: Double?
        package var perEvent: Double?
        /// Events that came in one read with the one before, as a share.
        package var coalescedShare: Double?
    }

    /// What the generator says of itself, in milliseconds and shares.
    package struct ClientSummary: Sendable, Codable, Equatable {
        package var sendLagP50Ms: Double?
        package var sendLagP99Ms: Double?
        package var sendLagMaxMs: Double?
        package var loopLagP99Ms: Double?
        package var loopLagMaxMs: Double?
        /// Of all processors that it may use.
        package var cpuShare: Double?
        package var busiestLoop: Double
        package var processors: Double
        package var reusedShare: Double?
        package var connections: Int
        package var mostInFlight: Int
        package var meanInFlight: Double?
        package var littleGap: Double?
        package var throttledMs: Double
        package var descriptorLimit: Int
    }

    /// From when on the run was like itself.
    package struct Steadiness: Sendable, Codable, Equatable {
        /// Seconds since the origin; nil: never.
        package var from: Double?
        /// What went on changing to the end, such as `ttft`.
        package var drifting: [String]
    }

    /// One stretch of the run: histograms by the name of their measure, in HdrHistogram's V2 encoding.
    package struct PartRow: Sendable, Codable, Equatable {
        package var start: Double
        package var histograms: [String: String]
    }

    /// The distribution of a measure; nil when nothing of it was recorded.
    package func distribution(of measure: Measure) -> Distribution? { distributions.first { $0.measure == measure } }
}
