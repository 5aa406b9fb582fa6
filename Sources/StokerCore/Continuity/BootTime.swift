/// An instant of `CLOCK_MONOTONIC`, which all processes of one machine share from boot to boot.
///
/// What gateway and control plane saw is put in order by it: the wall clock jumps, and a jump would make a part of a
/// failover negative. It means nothing on another machine, nor after a boot, so it is sent and never stored.
package struct BootTime: Hashable, Sendable, Comparable, Codable {
    /// Since some moment near the boot.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package init(from decoder: any Decoder) throws {
        nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }

    package static func < (left: BootTime, right: BootTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// How long after the other it is; negative before it. Saturating: instants come from another process.
    package static func - (left: BootTime, right: BootTime) -> Duration {
        let (difference, isTooMuch) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(isTooMuch ? (left > right ? Int64.max : .min) : difference)
    }
}
