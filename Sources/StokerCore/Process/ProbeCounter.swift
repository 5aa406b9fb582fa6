/// Turns answers of a probe into an opinion: only so many equal answers in a row change it.
package struct ProbeCounter: Sendable, Equatable {
    /// What the answers so far amount to; unknown until there are enough.
    package enum Opinion: Sendable, Equatable { case unknown, passing, failing }

    /// What holds now.
    package private(set) var opinion: Opinion
    /// How many answers in a row were like the last one.
    package private(set) var streak = 0
    private var lastPassed = false

    /// A counter without answers.
    package init(_ opinion: Opinion = .unknown) { self.opinion = opinion }

    /// Takes one answer in; thresholds below 1 count as 1.
    ///
    /// - Returns: Whether it turned the opinion.
    package mutating func note(passed: Bool, successThreshold: Int, failureThreshold: Int) -> Bool {
        streak = passed == lastPassed ? streak + 1 : 1
        lastPassed = passed
        let verdict: Opinion = passed ? .passing : .failing
        guard streak >= max(1, passed ? successThreshold : failureThreshold), opinion != verdict else { return false }
        opinion = verdict
        return true
    }
}
