package import StokerCore

/// Asks one question on behalf of a process.
package protocol Prober: Sendable {
    /// The answer, at the latest when `timeout` is over; a question that could not be asked is a failed probe.
    ///
    /// Cancelling the task that waits ends the question early.
    func ask(_ target: ProbeTarget, of process: ProcessPlan, timeout: Duration) async -> ProbeResult
}
