import StokerCore
import StokerMetrics

extension Timestamp {
    /// The wall clock, read.
    static var now: Timestamp { MetricsClock.system.wall() }
}

extension BootTime {
    /// The clock that control plane and gateway share, read.
    static var now: BootTime {
        BootTime(nanoseconds: MetricsClock.system.monotonic().nanoseconds)
    }
}
