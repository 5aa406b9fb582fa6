import StokerCore
import StokerMetrics

extension Timestamp {
    /// The wall clock, read.
    static var now: Timestamp { MetricsClock.system.wall() }
}

extension BootTime {
    /// The clock that control plane and gateway share, read.
    static var now: BootTime {
        let time = MetricsClock.system.monotonic().components
        return BootTime(nanoseconds: time.seconds * 1_000_000_000 + time.attoseconds / 1_000_000_000)
    }
}
