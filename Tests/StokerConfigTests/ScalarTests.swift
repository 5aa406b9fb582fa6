import StokerConfig
import StokerCore
import Testing

/// How single values are written, and what is said when they are not.
@Suite struct ScalarTests {
    private func errors(_ text: String) -> [ConfigError] {
        Reading.errors("processes: { a: { engine: simulator } }\n\(text)\n")
    }

    @Test(arguments: [
        ("1000ms", Duration.seconds(1)), ("1s", .seconds(1)), ("0060s", .seconds(60)), ("5m", .seconds(300)),
        ("\"5m\"", .seconds(300)), ("'5m'", .seconds(300)),
    ])
    func `durations are whole numbers with a unit`(text: String, expected: Duration) throws {
        let plan = try Reading.plan("processes: { a: { engine: simulator } }\ngateway: { write_timeout: \(text) }")
        #expect(plan.gateway.writeTimeout == expected)
    }

    @Test(arguments: ["5 s", "5S", "5sec", "+5s", "-5s", "5.0s", "s", "5s5s", "٥s", "5µs", "5ns", "1w", "1h30m"])
    func `nothing else is a duration`(text: String) {
        #expect(errors("gateway: { write_timeout: \"\(text)\" }").map(\.code) == [.badDuration])
    }

    @Test(arguments: [("90", "90s"), ("5", "5s")])
    func `a number without a unit gets one in the hint`(text: String, hint: String) {
        #expect(errors("gateway: { write_timeout: \(text) }").map(\.hint) == ["write_timeout: \(hint)"])
    }

    @Test(arguments: [
        ("8MB", "8MiB"), ("8M", "8MiB"), ("8mb", "8MiB"), ("8m", "8MiB"), ("2g", "2GiB"), ("1T", "1TiB"),
        ("64k", "64KiB"),
        ("8", "8MiB"), ("8 MiB", "8MiB"), ("x", "8MiB"), ("99999999999T", "8MiB"),
    ])
    func `a size in other units gets the binary one in the hint`(text: String, hint: String) {
        let errors = errors("gateway: { max_body: \(text) }")
        #expect(errors.map(\.code) == [.badSize] && errors.map(\.hint) == ["max_body: \(hint)"])
    }

    @Test(arguments: ["1.0", "1e3", "0x10", "1_000", "+5", " 5 x", "٥", "NaN", ".inf", "true"])
    func `nothing but digits is a number`(text: String) {
        #expect(errors("gateway: { max_connections: \(text) }").map(\.code) == [.badNumber])
    }

    @Test(arguments: [
        ("yes", "true"), ("on", "true"), ("True", "true"), ("no", "false"), ("off", "false"), ("FALSE", "false"),
        ("1", "false"),
    ])
    func `a flag is true or false, and other words for it are translated`(text: String, hint: String) {
        let errors = Reading.errors(Reading.processText("engine: simulator", "autostart: \(text)"))
        #expect(errors.map(\.code) == [.badChoice] && errors.map(\.hint) == ["autostart: \(hint)"])
    }

    @Test(arguments: [
        "8080", ":8080", "localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80", "[::1]80", "[]:80",
        "a b:80", "http://h:80", "h:80/x", "h:+80", "h:٨٠",
    ])
    func `an address is host and port`(text: String) {
        #expect(errors("gateway: { listen: \"\(text)\" }").map(\.code) == [.badAddress])
    }

    @Test(arguments: [
        ("wirte_timeout", "write_timeout"), ("writetimeout", "write_timeout"), ("LISTEN", "listen"),
        ("lsiten", "listen"),
        ("thread", "threads"), ("max_header", "max_head"), ("max_connection", "max_connections"),
    ])
    func `a slip of the hand gets the key that was meant`(written: String, meant: String) {
        let errors = errors("gateway: { \(written): 1 }")
        #expect(errors.map(\.code) == [.unknownKey])
        #expect(errors.first?.message == "\(written) is no key of gateway; did you mean \(meant)?")
        #expect(errors.first?.hint.hasPrefix("\(meant): ") == true)
    }

    @Test(arguments: ["x", "proxy", "workers", "keepalive_timeout_seconds"])
    func `another word gets the list of keys`(written: String) {
        let message = errors("gateway: { \(written): 1 }").first?.message
        #expect(message?.hasPrefix("\(written) is no key of gateway; it has listen, max_body, ") == true)
    }

    @Test(arguments: [
        ("vlm", "vllm"), ("VLLM", "vllm"), ("llamacpp", "llama.cpp"), ("llama-cpp", "llama.cpp"), ("Ollama", "ollama"),
        ("simulater", "simulator"),
    ])
    func `a choice misspelt gets the nearest`(written: String, meant: String) {
        let errors = Reading.errors(Reading.processText("engine: \(written)", "command: [x]"))
        #expect(errors.map(\.code) == [.badChoice] && errors.map(\.hint) == ["engine: \(meant)"])
    }

    @Test(arguments: [
        "http://h/a b", "http://ü/", "http://h/\u{7}", "http://", "https://:80", "http://[::1", "HTTP://h",
    ])
    func `a url is plain ASCII with a host`(text: String) {
        let errors = Reading.errors(Reading.processText("engine: vllm", "url: \"\(text)\""))
        #expect(errors.first?.code == .badURL || errors.first?.code == .badYAML)
    }

    @Test func `a value in a message is short and harmless`() {
        let long = errors("gateway: { listen: \"\(String(repeating: "x", count: 10_000))\" }").first?.message
        #expect(long?.count ?? .max < 200)
        let escape = errors("gateway: { listen: \"\\e[2J\\n\\u202Ex\" }").first?.message
        #expect(escape?.contains("\\u{1b}[2J\\u{a}\\u{202e}x") == true)
    }
}
