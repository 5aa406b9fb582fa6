/// What was measured at one level. In the units of reports, under names that are read elsewhere.
package struct SweepPoint: Sendable, Equatable, Codable {
    /// Users, or requests a second offered.
    package var level: Double
    /// Requests that were measured.
    package var requests = 0
    /// Requests a second that were sent.
    package var achievedRate = 0.0
    /// Requests a second that succeeded.
    package var requestRate = 0.0
    /// Requests a second that were good: succeeded, and kept every bound of the run's objective.
    package var goodput = 0.0
    /// Output tokens a second.
    package var tokenRate = 0.0
    /// Bad requests by all that ended by themselves, 0 to 1.
    package var errorRate = 0.0
    /// Milliseconds; nil: too few requests to say.
    package var ttftP50: Double?
    package var ttftP99: Double?
    package var tpotP50: Double?
    package var tpotP99: Double?
    package var e2eP50: Double?
    package var e2eP99: Double?
    /// Requests in flight, on average over time.
    package var inFlight = 0.0
    /// In flight and TTFT rose together until the step was ended: the server falls behind for ever.
    package var isDiverging = false
    package var verdict = Verdict()

    package init(level: Double) { self.level = level }

    private enum CodingKeys: String, CodingKey {
        case level, requests, goodput, verdict
        case achievedRate = "achieved_rate"
        case requestRate = "request_rate"
        case tokenRate = "output_tokens_per_second"
        case errorRate = "error_rate"
        case ttftP50 = "ttft_p50_ms"
        case ttftP99 = "ttft_p99_ms"
        case tpotP50 = "tpot_p50_ms"
        case tpotP99 = "tpot_p99_ms"
        case e2eP50 = "e2e_p50_ms"
        case e2eP99 = "e2e_p99_ms"
        case inFlight = "in_flight"
        case isDiverging = "is_diverging"
    }
}
