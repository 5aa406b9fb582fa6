import Glibc

/// The time of day, as engines write it into their answers; nothing is measured with it.
enum WallClock {
    /// Seconds of the Unix epoch.
    static var now: Int64 { Int64(time(nil)) }

    /// `2026-01-31T12:00:00Z`.
    static func text(of seconds: Int64) -> String {
        var seconds = time_t(seconds)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(Int(fields.tm_year) + 1900)-\(two(fields.tm_mon + 1))-\(two(fields.tm_mday))"
            + "T\(two(fields.tm_hour)):\(two(fields.tm_min)):\(two(fields.tm_sec))Z"
    }
}
