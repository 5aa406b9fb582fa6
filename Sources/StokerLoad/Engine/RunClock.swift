import Glibc

/// The load clock: `CLOCK_MONOTONIC` from the run's origin, through the vDSO and so without a system call.
struct RunClock: Sendable {
    /// Monotonic nanoseconds at which the run counts 0.
    let origin: Int64

    init(origin: Int64 = RunClock.monotonic) { self.origin = origin }

    var now: Nanoseconds { Self.monotonic &- origin }

    static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

    /// Processor time that this thread has used.
    static var threadTime: Nanoseconds { read(CLOCK_THREAD_CPUTIME_ID) }

    /// Processor time that this process has used.
    static var processTime: Nanoseconds { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
