/// Carries a plan out: one thread and one epoll instance for each loop, nothing shared while it runs.
package final class LoadRunner: Sendable {
    package let plan: LoadPlan

    package init(_ plan: LoadPlan) { self.plan = plan }

    /// Offers the load, and returns what was measured when the stop rule or `stop` has ended the run.
    ///
    /// - Throws: when the run cannot start: the host is unknown, the limits are too low. A server that refuses every
    ///   connection is a result and no error.
    package func run() async throws(LoadError) -> Tally {
        throw LoadError("not there yet")
    }

    /// Ends the run early: no more requests start, those under way are cut and counted as censored. `run` returns what
    /// was measured so far. From any thread, also twice.
    package func stop() {}

    /// How the run stands. From any thread; costs the loops one short pause each.
    package func snapshot() -> LoadSnapshot {
        LoadSnapshot(elapsed: 0, inFlight: 0, users: 0, tally: Tally(partLength: 1_000_000_000))
    }
}
