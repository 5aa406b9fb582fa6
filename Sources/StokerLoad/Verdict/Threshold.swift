/// A condition that a run must meet, such as `p99(ttft)<2s` or `errors.rate<1%`.
package struct Threshold: Sendable, Equatable {
    /// What is compared.
    package enum Subject: Sendable, Equatable {
        case quantile(Measure, Double)
        case mean(Measure)
        case least(Measure)
        case most(Measure)
        /// Bad requests as a share of all that were not censored.
        case errorRate
        /// Good requests a second.
        case goodput
        /// Good requests as a share of all that were not censored.
        case attainment
        /// Requests that succeeded, a second.
        case requestRate
        /// Output tokens a second.
        case tokenRate
    }

    /// How.
    package enum Comparison: String, Sendable, CaseIterable {
        // The longer ones first: `<` begins `<=`.
        case atMost = "<="
        case atLeast = ">="
        case below = "<"
        case above = ">"

        package func holds(_ value: Double, _ bound: Double) -> Bool {
            switch self {
            case .atMost: value <= bound
            case .atLeast: value >= bound
            case .below: value < bound
            case .above: value > bound
            }
        }
    }

    /// As it was typed.
    package var text: String
    package var subject: Subject
    package var comparison: Comparison
    /// Milliseconds for latencies, 0 to 1 for shares, a second for rates.
    package var bound: Double

    package init(text: String, subject: Subject, comparison: Comparison, bound: Double) {
        self.text = text
        self.subject = subject
        self.comparison = comparison
        self.bound = bound
    }
}

/// How a threshold fared.
package struct ThresholdResult: Sendable, Codable, Equatable {
    package var text: String
    package var isMet: Bool
    /// In the threshold's unit; nil: withheld.
    package var value: Double?
    /// The value for people, or why there is none.
    package var shown: String

    package init(text: String, isMet: Bool, value: Double?, shown: String) {
        self.text = text
        self.isMet = isMet
        self.value = value
        self.shown = shown
    }
}
