package import StokerCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The two times that metrics need, as functions, so that a test decides what they say.
package struct MetricsClock: Sendable {
    /// Time that only goes forward, for durations.
    package var monotonic: @Sendable () -> Duration
    /// Wall-clock time, for timestamps.
    package var wall: @Sendable () -> Timestamp

    package init(monotonic: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Timestamp) {
        self.monotonic = monotonic
        self.wall = wall
    }

    /// The machine's clocks.
    package static let system = MetricsClock(
        monotonic: {
            let time = read(CLOCK_MONOTONIC)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        },
        wall: {
            let time = read(CLOCK_REALTIME)
            return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        })

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
