/// A date and a time of day with a fraction, as traces have them: `2023-11-16 18:17:03.9799600`, or with `T`, and with
/// `Z` or an offset behind.
struct RecordedInstant: Equatable {
    /// Since 1970-01-01 UTC; without an offset the text is taken for UTC.
    let nanoseconds: Nanoseconds

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 19, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] == 0x20 || bytes[10] == 0x54,
            bytes[13] == 0x3A, bytes[16] == 0x3A, let year = Self.number(bytes[0..<4]),
            let month = Self.number(bytes[5..<7]), let day = Self.number(bytes[8..<10]),
            let hour = Self.number(bytes[11..<13]), let minute = Self.number(bytes[14..<16]),
            let second = Self.number(bytes[17..<19]), 1970...2200 ~= year, 1...12 ~= month, 1...31 ~= day, hour < 24,
            minute < 60, second <= 60
        else { return nil }
        var rest = bytes[19...]
        guard let fraction = Self.fraction(&rest), let offset = Self.offset(rest) else { return nil }
        let seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        nanoseconds = seconds * 1_000_000_000 + fraction
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Takes `.` and up to nine digits that count; more are cut.
    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard rest.first == 0x2E else { return 0 }
        let digits = rest.dropFirst().prefix { 0x30...0x39 ~= $0 }
        rest = rest.dropFirst(1 + digits.count)
        let nine = Array(digits.prefix(9)) + [UInt8](repeating: 0x30, count: max(0, 9 - digits.count))
        return digits.isEmpty ? nil : number(nine[...])
    }

    /// Nothing, `Z`, or `+02:00`; in seconds.
    private static func offset(_ rest: ArraySlice<UInt8>) -> Int64? {
        if rest.isEmpty || rest.elementsEqual([0x5A]) { return 0 }
        let field = Array(rest)
        guard field.count == 6, field[3] == 0x3A, field[0] == 0x2B || field[0] == 0x2D,
            let hours = number(field[1..<3]), let minutes = number(field[4..<6])
        else { return nil }
        return (field[0] == 0x2D ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    /// Days since 1970-01-01 of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
