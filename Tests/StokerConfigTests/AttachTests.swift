import StokerConfig
import StokerCore
import Testing

@Suite struct AttachTests {
    @Test(arguments: [
        ("http://10.0.0.9:8000", "http://10.0.0.9:8000", false),
        ("http://10.0.0.9", "http://10.0.0.9:80", false),
        ("https://example.net", "https://example.net:443", true),
        ("https://example.net/v1/", "https://example.net:443/v1", true),
        ("http://[::1]:9001/", "http://[::1]:9001", false),
        ("http://[::1]", "http://[::1]:80", false),
    ])
    func `a url becomes an address`(written: String, url: String, tls: Bool) throws {
        let process = try Reading.process("engine: vllm", "url: \"\(written)\"")
        #expect(process.endpoint?.url == url && process.endpoint?.tls == tls)
        #expect(!process.isManaged && process.environment.isEmpty && process.directory == nil)
        #expect(process.probes.readiness?.target == .http(url: "\(url)/health"))
    }

    @Test(arguments: [
        "command: [x]", "added_arguments: [x]", "port: 9001", "env: { A: b }", "directory: /", "autostart: true",
        "restart: {}", "stop: {}", "start_after: {}", "log: {}", "limits: {}",
    ])
    func `whatever says how to start has no place beside a url`(key: String) {
        let errors = Reading.errors(Reading.processText("engine: vllm", "url: http://h", key))
        #expect(errors.map(\.code) == [.attachMode])
        #expect(errors.first?.place == Place(line: 5, column: 5))
    }

    @Test func `probes of a backend elsewhere can be chosen`() throws {
        let process = try Reading.process(
            "kind: knowledge", "url: http://h:1", "probes: { readiness: { http: /ready } }")
        #expect(process.probes.readiness?.target == .http(url: "http://h:1/ready"))
        #expect(process.probes.startup == nil)
    }

    @Test func `two processes may be on one port of another machine`() throws {
        let text =
            "processes: { a: { engine: vllm, url: \"http://h1:8000\" }, b: { engine: vllm, url: \"http://h2:8000\" } }"
        #expect(try Reading.plan(text).processes.count == 2)
    }
}
