import StokerCore
import StokerMetrics

extension Timestamp {
    /// The wall clock, read.
    static var now: Timestamp { MetricsClock.system.wall() }
}
