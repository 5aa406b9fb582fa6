package import StokerCore

/// A moment that several machines agree on, as a person types it for `--start-at`.
package enum StartTime {
    /// Further away than this is a typing mistake.
    package static let furthest: Int64 = 24 * 3_600_000

    /// Reads seconds since 1970 (`1764158400`, also with a fraction) or RFC 3339 (`2026-11-26T12:00:00Z`,
    /// `…+01:00`).
    ///
    /// - Throws: one line that says what was expected, or that the moment is past or too far away.
    package static func read(_ text: String, now: Timestamp) throws(LoadError) -> Timestamp {
        guard let moment = unix(text) ?? rfc3339(text) else {
            throw LoadError(
                "--start-at '\(SafeText.escaped(text))' is no time; write 2026-11-26T12:00:00Z or seconds since 1970")
        }
        let wait = moment.milliseconds - now.milliseconds
        guard wait >= 0 else {
            throw LoadError("--start-at \(text) is \(TimeText.ago(moment, now: now)); name a moment to come")
        }
        guard wait <= furthest else {
            throw LoadError("--start-at \(text) is more than a day away; is the time zone right?")
        }
        return moment
    }

    private static func unix(_ text: String) -> Timestamp? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = number(parts[0]), parts[0].count <= 11 else { return nil }
        guard parts.count == 2 else { return Timestamp(milliseconds: Int64(seconds) * 1000) }
        let digits = parts[1].prefix(3)
        guard number(parts[1]) != nil, let fraction = number(digits) else { return nil }
        let scale = [100, 10, 1][digits.count - 1]
        return Timestamp(milliseconds: Int64(seconds) * 1000 + Int64(fraction * scale))
    }

    private static func rfc3339(_ text: String) -> Timestamp? {
        let utf8 = Array(text.utf8)
        guard utf8.count >= 20, [4, 7].allSatisfy({ utf8[$0] == UInt8(ascii: "-") }),
            [13, 16].allSatisfy({ utf8[$0] == UInt8(ascii: ":") }),
            [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(utf8[10])
        else { return nil }
        func field(_ range: Range<Int>, _ bounds: ClosedRange<Int>) -> Int? {
            number(Substring(decoding: utf8[range], as: UTF8.self)).flatMap { bounds.contains($0) ? $0 : nil }
        }
        guard let year = field(0..<4, 1970...9999), let month = field(5..<7, 1...12), let day = field(8..<10, 1...31),
            let hour = field(11..<13, 0...23), let minute = field(14..<16, 0...59), let second = field(17..<19, 0...60),
            let offset = offset(Substring(decoding: utf8[19...], as: UTF8.self))
        else { return nil }
        let seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Timestamp(milliseconds: Int64(seconds) * 1000)
    }

    /// Seconds east of Greenwich, from what follows the seconds: `Z`, `.250Z` (the fraction is cut), `+01:00`.
    private static func offset(_ text: Substring) -> Int? {
        var text = text
        if text.first == "." {
            let fraction = text.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard !fraction.isEmpty else { return nil }
            text = text.dropFirst(fraction.count + 1)
        }
        if text == "Z" || text == "z" { return 0 }
        guard let sign = text.first, sign == "+" || sign == "-", text.count == 6, text.dropFirst(3).first == ":",
            let hours = number(text.dropFirst().prefix(2)), let minutes = number(text.suffix(2)), hours < 24,
            minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
    }

    /// Howard Hinnant's `days_from_civil` (https://howardhinnant.github.io/date_algorithms.html), years from 1970.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Digits alone: `Int("+5")` is a number, and a time has no sign.
    private static func number(_ text: Substring) -> Int? {
        text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
    }
}
