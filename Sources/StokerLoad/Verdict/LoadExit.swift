/// What the exit status of a run says.
package enum LoadExit: Int32, Sendable, CaseIterable {
    case ok = 0
    /// No request succeeded: nothing was measured.
    case nothingSucceeded = 1
    /// The generator was the bottleneck.
    case invalid = 3
    /// A rule of `--abort-on` ended the run.
    case aborted = 4
    /// k6's number.
    case thresholdsMissed = 99
    /// By a person; what a shell says of SIGINT.
    case interrupted = 130

    /// The first of these that holds: interrupted, aborted, nothing succeeded, invalid, thresholds missed.
    ///
    /// The order is by what a script must do next: a run that was cut short is run again whatever it measured, and of
    /// an invalid one no threshold says anything.
    package static func of(
        _ ending: RunFacts.Ending, succeeded: Int, verdict: Verdict.Level, thresholds: [ThresholdResult]
    ) -> LoadExit {
        switch ending {
        case .interrupted: return .interrupted
        case .aborted: return .aborted
        case .complete: break
        }
        if succeeded == 0 { return .nothingSucceeded }
        if verdict == .invalid { return .invalid }
        return thresholds.allSatisfy(\.isMet) ? .ok : .thresholdsMissed
    }
}
