import StokerConfig
import StokerCore
import Testing

/// What stands outside `processes` and `models`.
@Suite struct SettingsTests {
    private let engine = "processes: { a: { engine: simulator } }\n"

    @Test func `everything but the processes has a default`() throws {
        let plan = try Reading.plan(engine)
        #expect(plan.stateDirectory == "/var/lib/stoker" && plan.runtimeDirectory == "/run/stoker")
        #expect(plan.gateway == GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 8080)))
        #expect(plan.adminListen == Endpoint(host: "127.0.0.1", port: 8081))
        #expect(plan.events == EventRetention() && plan.models.isEmpty)
    }

    @Test(arguments: [
        ("/srv/stoker", "/srv/stoker", "/srv/stoker/run"),
        ("../state", "/etc/state", "/etc/state/run"),
        (".", "/etc/stoker", "/etc/stoker/run"),
        ("/var/lib/stoker", "/var/lib/stoker", "/run/stoker"),
        ("/var/lib/./x/../stoker/", "/var/lib/stoker", "/run/stoker"),
        ("/../..", "/", "//run"),
    ])
    func `the runtime directory follows the state directory`(written: String, state: String, runtime: String) throws {
        let plan = try Reading.plan("state_dir: \(written)\n" + engine)
        #expect(plan.stateDirectory == state && plan.runtimeDirectory == runtime)
    }

    @Test func `a runtime directory of its own is taken`() throws {
        #expect(try Reading.plan("runtime_dir: run\n" + engine).runtimeDirectory == "/etc/stoker/run")
    }

    @Test func `the longest socket path may have 107 bytes, and not one more`() throws {
        // "/shim/gateway~16.sock" has 21 bytes.
        let longest = "/" + String(repeating: "d", count: 107 - 21 - 1)
        let plan = try Reading.plan("runtime_dir: \(longest)\n" + engine)
        #expect(plan.shimSocket(of: ProcessPlan.longestGatewayName).utf8.count == 107)
        #expect(Reading.errors("runtime_dir: \(longest)d\n" + engine).map(\.code) == [.pathTooLong])
    }

    @Test func `every setting of the gateway is read`() throws {
        let text = """
            gateway:
              listen: "[::1]:9080"
              max_body: 1GiB
              max_head: 1KiB
              head_timeout: 100ms
              write_timeout: 1h
              max_connections: 1
              threads: 256
              drain: 24h
              recent_requests: 65536

            """
        let expected = GatewayPlan(
            listen: Endpoint(host: "::1", port: 9080), maxBody: .mebibytes(1024), maxHead: .kibibytes(1),
            headTimeout: .milliseconds(100), writeTimeout: .seconds(3600), maxConnections: 1, threads: 256,
            drain: .seconds(86_400), recentRequests: 65_536)
        #expect(try Reading.plan(text + engine).gateway == expected)
    }

    @Test(arguments: [
        ("{ certificate: tls/chain.pem, key: ../key.pem }", "/etc/stoker/tls/chain.pem", "/etc/key.pem"),
        ("{ certificate: /a.pem, key: /b.pem }", "/a.pem", "/b.pem"),
    ])
    func `the certificate's paths are relative to the file`(written: String, certificate: String, key: String) throws {
        let plan = try Reading.plan("gateway: { tls: \(written) }\n" + engine)
        #expect(plan.gateway.tls == GatewayTLS(certificate: certificate, key: key))
    }

    @Test(arguments: ["off", "false"])
    func `the admin address can be switched off`(word: String) throws {
        #expect(try Reading.plan("admin: { listen: \(word) }\n" + engine).adminListen == nil)
    }

    @Test func `port 0 leaves the choice to the kernel and clashes with nothing`() throws {
        let text = "gateway: { listen: 127.0.0.1:0 }\nadmin: { listen: 127.0.0.1:0 }\n"
        #expect(try Reading.plan(text + engine).gateway.listen.port == 0)
    }

    @Test func `the digest tells two files apart, and is that of the text`() throws {
        let first = try Reading.plan(engine)
        #expect(first.digest.count == 12 && first.digest.allSatisfy(\.isHexDigit))
        #expect(try Reading.plan(engine).digest == first.digest)
        #expect(try Reading.plan(engine + "# more\n").digest != first.digest)
    }

    @Test(arguments: [
        ("events: { max_age: 1h }", Duration.seconds(3600)), ("events: { max_age: 3650d }", .seconds(3650 * 86_400)),
    ])
    func `bounds include their ends`(text: String, expected: Duration) throws {
        #expect(try Reading.plan("\(text)\n" + engine).events.maxAge == expected)
    }
}
