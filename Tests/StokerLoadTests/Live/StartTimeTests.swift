import StokerCore
import StokerLoad
import Testing

@Suite struct StartTimeTests {
    /// 2026-11-26T12:00:00Z
    private static let now = Timestamp(milliseconds: 1_795_694_400_000)

    @Test(arguments: [
        ("1795694430", Int64(30_000)), ("1795694430.25", 30_250), ("1795694430.1234", 30_123), ("1795694430.5", 30_500),
        ("2026-11-26T12:00:30Z", 30_000), ("2026-11-26t12:00:30z", 30_000), ("2026-11-26 12:00:30Z", 30_000),
        ("2026-11-26T12:00:30.750Z", 30_000), ("2026-11-26T13:00:30+01:00", 30_000),
        ("2026-11-26T08:30:30-03:30", 30_000), ("2026-11-27T12:00:00Z", 86_400_000), ("1795694400", 0),
    ])
    func `a moment is read`(text: String, wait: Int64) throws {
        let moment = try StartTime.read(text, now: Self.now)
        #expect(moment.milliseconds - Self.now.milliseconds == wait)
    }

    @Test(arguments: [
        ("2024-02-29T00:00:00Z", Int64(1_709_164_800_000)), ("2000-03-01T00:00:00Z", 951_868_800_000),
        ("1970-01-01T00:00:00Z", 0), ("2100-03-01T00:00:00Z", 4_107_542_400_000),
    ])
    func `leap years come out right`(text: String, milliseconds: Int64) throws {
        let moment = try StartTime.read(text, now: Timestamp(milliseconds: milliseconds))
        #expect(moment.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "now", "12:00", "+5", "-1795694430", "1795694430.", "1795694430.x", "2026-11-26T12:00:30", "2026-11-26",
        "2026-13-26T12:00:30Z", "2026-11-26T24:00:30Z", "2026-11-26T12:00:30+1:00", "2026-11-26T12:00:30.Z",
        "2026-11-26T12:00:3\u{0661}Z", "99999999999999999999",
    ])
    func `what is no moment is refused with an example`(text: String) {
        let error = #expect(throws: LoadError.self) { try StartTime.read(text, now: Self.now) }
        #expect(error?.message.hasSuffix("write 2026-11-26T12:00:00Z or seconds since 1970") ?? false)
    }

    @Test func `a moment that is past says how long ago`() {
        let error = #expect(throws: LoadError.self) { try StartTime.read("1795694280", now: Self.now) }
        #expect(error?.message == "--start-at 1795694280 is 2 min ago; name a moment to come")
    }

    @Test func `more than a day ahead is a mistake`() {
        #expect(throws: LoadError.self) { try StartTime.read("2026-11-28T12:00:00Z", now: Self.now) }
    }
}
