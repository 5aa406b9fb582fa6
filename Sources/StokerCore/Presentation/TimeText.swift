/// Instants and spans as a person reads them.
package enum TimeText {
    /// `3 min ago`; an instant less than a second away, or ahead by a clock that was set back, is `just now`.
    package static func ago(_ then: Timestamp, now: Timestamp) -> String {
        let span = now.milliseconds - then.milliseconds
        return span < 1000 ? "just now" : "\(coarse(.milliseconds(span))) ago"
    }

    /// The largest unit alone: `45 s`, `3 min`, `5 h`, `12 d`. Whole units, cut and not rounded.
    package static func coarse(_ span: Duration) -> String {
        let seconds = max(0, span.milliseconds / 1000)
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min"
        case ..<86_400: return "\(seconds / 3600) h"
        default: return "\(seconds / 86_400) d"
        }
    }

    /// The two largest units: `3 h 12 min`; for how long the daemon is up.
    package static func span(_ span: Duration) -> String {
        let seconds = max(0, span.milliseconds / 1000)
        let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
        guard let first = units.firstIndex(where: { seconds >= $0.0 }) else { return "0 s" }
        let (size, name) = units[first]
        let rest = seconds % size
        guard first + 1 < units.count, rest >= units[first + 1].0 else { return "\(seconds / size) \(name)" }
        return "\(seconds / size) \(name) \(rest / units[first + 1].0) \(units[first + 1].1)"
    }

    /// `2026-11-24 03:08:01` in the zone that is `utcOffset` seconds east of Greenwich at that instant.
    package static func dateAndTime(_ instant: Timestamp, utcOffset: Int) -> String {
        let seconds = floored(instant.milliseconds, by: 1000) + Int64(utcOffset)
        let day = floored(seconds, by: 86_400)
        let clock = seconds - day * 86_400
        let (year, month, date) = civil(day: day)
        let fields = [month, date, clock / 3600, clock / 60 % 60, clock % 60].map(twoDigits)
        return "\(year)-\(fields[0])-\(fields[1]) \(fields[2]):\(fields[3]):\(fields[4])"
    }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func floored(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }

    /// The Gregorian date of a day since 1970-01-01: Howard Hinnant's `civil_from_days`, which counts years from March
    /// so that the leap day is the last (https://howardhinnant.github.io/date_algorithms.html).
    private static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floored(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}

/// Amounts of memory as a person reads them: rounded, unlike `ByteSize.text`, which must read back the same.
package enum AmountText {
    /// `512 B`, `1.5 GiB`: one decimal below ten of a unit.
    package static func bytes(_ count: Int64) -> String {
        var value = Double(max(0, count))
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while value >= 1024, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        guard unit > 0, tenths < 100 else { return "\((tenths + 5) / 10) \(units[unit])" }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
