/// A run as it stands, for whoever watches it: the live view and Prometheus.
package struct LoadSnapshot: Sendable {
    /// Since the run's origin.
    package var elapsed: Nanoseconds
    /// Requests under way now.
    package var inFlight: Int
    /// Users that have begun and not ended; 0 in an open loop.
    package var users: Int
    package var tally: Tally

    package init(elapsed: Nanoseconds, inFlight: Int, users: Int, tally: Tally) {
        self.elapsed = elapsed
        self.inFlight = inFlight
        self.users = users
        self.tally = tally
    }
}
