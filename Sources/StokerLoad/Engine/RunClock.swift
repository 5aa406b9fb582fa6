import CLinux

/// The load clock: `CLOCK_MONOTONIC` from the run's origin, through the vDSO and so without a system call.
struct RunClock: Sendable {
    /// Monotonic nanoseconds at which the run counts 0.
    let origin: Int64

    init(origin: Int64 = RunClock.monotonic) { self.origin = origin }

    var now: Nanoseconds { Self.monotonic &- origin }

    static var monotonic: Int64 { clinux_monotonic_time() }

    /// Processor time that this thread has used.
    static var threadTime: Nanoseconds { clinux_thread_time() }

    /// Processor time that this process has used.
    static var processTime: Nanoseconds { clinux_process_time() }
}
