import StokerCore
import Testing

struct DurationTextTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("5s", .seconds(5)), ("10m", .seconds(600)), ("1h", .seconds(3600)),
        ("30d", .seconds(30 * 86_400)), ("0s", .zero), ("1500ms", .milliseconds(1500)),
    ])
    func `a number with its unit is a duration`(text: String, expected: Duration) {
        #expect(Duration(text: text) == expected)
    }

    @Test(arguments: [
        "", "5", "s", "-5s", "+5s", "5 s", "1.5s", "5S", "1h30m", "5sec", "٣s", "99999999999999999999s", "3651d",
        "9223372036854775807d",
    ])
    func `what has no unit, or could be read in two ways, is refused`(text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test(arguments: [0, 1, 250, 999, 1000, 1001, 59_000, 60_000, 61_000, 3_600_000, 86_400_000, 90_061_001])
    func `the text of a duration reads back as itself`(milliseconds: Int) {
        let duration = Duration.milliseconds(milliseconds)
        #expect(Duration(text: duration.text) == duration)
    }

    @Test func `the shortest text is chosen`() {
        #expect(Duration.seconds(120).text == "2m")
        #expect(Duration.seconds(90).text == "90s")
        #expect(Duration.milliseconds(1500).text == "1500ms")
    }

    @Test func `huge durations clamp instead of trapping`() {
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.min).milliseconds == .min)
    }

    @Test func `seconds keep the fraction`() {
        #expect(Duration.milliseconds(1250).inSeconds == 1.25)
    }
}

struct ByteSizeTests {
    @Test(arguments: [
        ("512B", Int64(512)), ("64KiB", 65_536), ("64MiB", 67_108_864), ("2GiB", 2_147_483_648), ("1TiB", 1 << 40),
    ])
    func `a binary unit is read`(text: String, expected: Int64) {
        #expect(ByteSize(text: text)?.bytes == expected)
        #expect(ByteSize(text: text)?.text == text)
    }

    @Test(arguments: ["", "64", "64MB", "64M", "-1B", "1.5GiB", "64 MiB", "9999999TiB", "99999999999999999999B"])
    func `decimal units, signs and overflow are refused`(text: String) {
        #expect(ByteSize(text: text) == nil)
    }

    @Test func `a negative size cannot be made`() {
        #expect(ByteSize(bytes: -5).bytes == 0)
    }
}

struct EndpointTests {
    @Test(arguments: [
        ("127.0.0.1:8080", Endpoint(host: "127.0.0.1", port: 8080)), ("[::1]:80", Endpoint(host: "::1", port: 80)),
        ("gpu-1:65535", Endpoint(host: "gpu-1", port: 65535)),
    ])
    func `host and port are read and written back`(text: String, expected: Endpoint) {
        #expect(Endpoint(text: text) == expected)
        #expect(expected.text == text)
    }

    @Test(arguments: ["", "8080", ":8080", "host:", "host:65536", "host:-1", "::1:80", "[::1:80", "h:80x", "h: 80"])
    func `anything else is not an endpoint`(text: String) {
        #expect(Endpoint(text: text) == nil)
    }

    @Test func `only this machine reaches loopback`() {
        #expect(Endpoint(host: "127.0.0.1", port: 1).isLoopback)
        #expect(Endpoint(host: "::1", port: 1).isLoopback)
        #expect(!Endpoint(host: "0.0.0.0", port: 1).isLoopback)
    }
}
