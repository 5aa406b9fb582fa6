/// An instant of wall-clock time, in whole milliseconds since 1970-01-01 UTC.
///
/// For records that people read. Decisions about elapsed time never use it: they take a monotonic `Duration`.
package struct Timestamp: Hashable, Sendable, Comparable, Codable {
    /// Milliseconds since the Unix epoch.
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    /// The instant as Prometheus wants it: seconds with a fraction.
    package var seconds: Double { Double(milliseconds) / 1000 }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}
