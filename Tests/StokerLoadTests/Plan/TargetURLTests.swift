import StokerLoad
import Testing

@Suite struct TargetURLTests {
    static func read(_ url: String, _ endpoint: LoadTarget.Endpoint = .chat) throws -> LoadTarget {
        try LoadTarget(url: url, endpoint: endpoint, flag: "--url")
    }

    @Test(
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, false), ("https://llm.example", "llm.example", 443, true),
            ("http://llm.example/", "llm.example", 80, false), ("HTTP://[::1]:9000/v1", "::1", 9000, false),
            ("https://[fe80::1]", "fe80::1", 443, true), ("http://localhost:80?x=1", "localhost", 80, false),
        ] as [(String, String, UInt16, Bool)])
    func `host and port are read, with the scheme's port when there is none`(
        url: String, host: String, port: UInt16, isTLS: Bool
    ) throws {
        let target = try Self.read(url)
        #expect((target.host, target.port, target.isTLS) == (host, port, isTLS))
        #expect(target.socketPath == nil)
    }

    @Test(
        arguments: [
            ("http://h:1", .chat, "/v1/chat/completions"), ("http://h:1/", .chat, "/v1/chat/completions"),
            ("http://h:1/v1", .chat, "/v1/chat/completions"), ("http://h:1/v1/", .completions, "/v1/completions"),
            ("http://h:1/team/a", .chat, "/team/a/v1/chat/completions"),
            ("http://h:1/openai/v1/chat/completions", .chat, "/openai/v1/chat/completions"),
            ("http://h:1/x/completions", .completions, "/x/completions"), ("http://h:1", .http, "/"),
            ("http://h:1/ping?a=1", .http, "/ping?a=1"), ("http://h:1?key=2", .chat, "/v1/chat/completions?key=2"),
            ("unix:/run/e.sock", .chat, "/v1/chat/completions"),
            ("unix:/run/e.sock:/v1", .chat, "/v1/chat/completions"),
            ("unix:/run/e.sock:/ping", .http, "/ping"),
        ] as [(String, LoadTarget.Endpoint, String)])
    func `the endpoint's path is added unless it is there`(
        url: String, endpoint: LoadTarget.Endpoint, path: String
    ) throws {
        let target = try Self.read(url, endpoint)
        #expect(target.path == path)
        #expect(target.endpoint == endpoint)
    }

    @Test func `a unix socket is named by its path`() throws {
        #expect(try Self.read("unix:/run/stoker/engine.sock").socketPath == "/run/stoker/engine.sock")
    }

    @Test(arguments: [
        "", "localhost:8080", "ftp://h", "http://", "http://:80", "http://h:0", "http://h:65536", "http://h:port",
        "http://h/a b", "http://h/a#b", "http://h\u{7}/", "http://a:b:c", "http://[::1", "http://[g::1]:80", "unix:",
        "unix:relative.sock", "unix:/", "unix:/a:b", "unix:/\(String(repeating: "x", count: 107))",
        "http://h/v1/completions", "http://h/%zz\u{0}",
    ])
    func `what is no target names the flag and an example`(url: String) {
        let error = #expect(throws: LoadError.self) { try Self.read(url) }
        #expect(error?.message.hasPrefix("--url: '") == true)
        #expect(error?.message.contains("try --url ") == true)
    }

    @Test func `a URL without a scheme is shown with one`() {
        let error = #expect(throws: LoadError.self) { try Self.read("localhost:8080") }
        #expect(error?.message.hasSuffix("try --url http://localhost:8080") == true)
    }

    @Test func `a password in a URL is not repeated`() {
        let error = #expect(throws: LoadError.self) { try Self.read("http://me:secret@h") }
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `the path of the other endpoint is refused`() {
        #expect(throws: LoadError.self) { try Self.read("http://h/v1/chat/completions", .completions) }
    }
}
