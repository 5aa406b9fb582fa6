import StokerCore
import Testing

@Suite("Times for people")
struct TimeTextTests {
    @Test(
        "say how long ago in one unit, cut and not rounded",
        arguments: [
            (0, "just now"), (999, "just now"), (-60_000, "just now"), (1000, "1 s ago"), (59_999, "59 s ago"),
            (60_000, "1 min ago"), (185_000, "3 min ago"), (3_599_999, "59 min ago"), (3_600_000, "1 h ago"),
            (86_399_000, "23 h ago"), (86_400_000, "1 d ago"), (40 * 86_400_000, "40 d ago"),
        ] as [(Int64, String)])
    func ago(milliseconds: Int64, text: String) {
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        #expect(TimeText.ago(Timestamp(milliseconds: now.milliseconds - milliseconds), now: now) == text)
    }

    @Test(
        "say how long in two units at most",
        arguments: [
            (0, "0 s"), (-5, "0 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (3659, "1 h"),
            (11_520, "3 h 12 min"), (90_000, "1 d 1 h"),
        ] as [(Int64, String)])
    func span(seconds: Int64, text: String) {
        #expect(TimeText.span(.seconds(seconds)) == text)
    }

    @Test(
        "write date and time in the zone asked for",
        arguments: [
            (0, 0, "1970-01-01 00:00:00"), (1_700_000_000_999, 0, "2023-11-14 22:13:20"),
            (1_700_000_000_000, 3600, "2023-11-14 23:13:20"), (1_700_000_000_000, 7200, "2023-11-15 00:13:20"),
            (1_709_164_800_000, 0, "2024-02-29 00:00:00"), (1_709_251_199_000, 0, "2024-02-29 23:59:59"),
            (951_782_400_000, 0, "2000-02-29 00:00:00"), (4_107_542_399_000, 0, "2100-02-28 23:59:59"),
            (4_107_542_400_000, 0, "2100-03-01 00:00:00"), (-1000, 0, "1969-12-31 23:59:59"),
            (0, -18_000, "1969-12-31 19:00:00"), (1_735_689_599_000, 0, "2024-12-31 23:59:59"),
        ] as [(Int64, Int, String)])
    func dateAndTime(milliseconds: Int64, offset: Int, text: String) {
        #expect(TimeText.dateAndTime(Timestamp(milliseconds: milliseconds), utcOffset: offset) == text)
    }

    @Test(
        "amounts keep one decimal while they are small",
        arguments: [
            (0, "0 B"), (-1, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10_240, "10 KiB"),
            (512 << 20, "512 MiB"), (1 << 30, "1.0 GiB"), (Int64(5) << 40, "5.0 TiB"), (Int64(5000) << 40, "5000 TiB"),
        ] as [(Int64, String)])
    func amounts(bytes: Int64, text: String) {
        #expect(AmountText.bytes(bytes) == text)
    }
}
