import Foundation
import StokerCore
import Testing

struct GatewayProcessTests {
    private func gateway(
        listening host: String, tls: GatewayTLS? = nil, environment: [String: String] = [:]
    ) -> ProcessPlan {
        let plan = Plan(
            stateDirectory: "/s", runtimeDirectory: "/r",
            gateway: GatewayPlan(listen: Endpoint(host: host, port: 8080), tls: tls), adminListen: nil,
            events: EventRetention(), processes: [], models: [], digest: "0")
        return .gateway(of: plan, program: "/usr/bin/stoker", environment: environment)
    }

    @Test func `the gateway is a process like any other, with the socket handed down`() {
        let process = gateway(listening: "127.0.0.1")
        #expect(process.command == ["/usr/bin/stoker", "gateway", "--socket", "/r/gateway.sock"])
        #expect(process.environment["LISTEN_FDS"] == "1")
        #expect(process.isManaged)
    }

    @Test(arguments: [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("10.0.0.4", "10.0.0.4")])
    func `a wildcard address is probed on loopback`(listen: String, probed: String) {
        #expect(gateway(listening: listen).probes.readiness?.target == .http(url: "http://\(probed):8080/health"))
    }

    @Test func `with a certificate it is asked over https`() {
        let process = gateway(listening: "::", tls: GatewayTLS(certificate: "/c", key: "/k"))
        #expect(process.probes.liveness?.target == .http(url: "https://127.0.0.1:8080/health"))
        #expect(!process.needsRestart(after: gateway(listening: "::")))
    }

    @Test func `of the control plane's environment it gets the roots of trust only`() {
        let process = gateway(
            listening: "::1",
            environment: ["SSL_CERT_FILE": "/ca.pem", "SSL_CERT_DIR": "/ca", "SECRET": "s", "PATH": "/"])
        #expect(
            process.environment.mapValues(\.revealed).filter { !$0.key.hasPrefix("LISTEN") } == [
                "SSL_CERT_FILE": "/ca.pem", "SSL_CERT_DIR": "/ca",
            ])
    }

    @Test func `a table written before there was TLS is still a table`() throws {
        let limits = GatewayPlan(listen: Endpoint(host: "::1", port: 1))
        let json = try JSONEncoder().encode(limits)
        #expect(!String(decoding: json, as: UTF8.self).contains("tls"))
        #expect(try JSONDecoder().decode(GatewayPlan.self, from: json) == limits)
        let secure = GatewayPlan(
            listen: Endpoint(host: "::1", port: 1), tls: GatewayTLS(certificate: "/c.pem", key: "/k.pem"))
        #expect(try JSONDecoder().decode(GatewayPlan.self, from: try JSONEncoder().encode(secure)) == secure)
    }

    @Test func `it is never given up`() {
        #expect(gateway(listening: "127.0.0.1").restart.giveUpStarts == .max)
    }
}

struct SecretTests {
    @Test func `a secret prints as stars wherever it is interpolated`() {
        let secret = Secret("hunter2", isSecret: true)
        #expect("\(secret)" == "***")
        #expect("\(["TOKEN": secret])".contains("hunter2") == false)
        #expect(Secret("plain", isSecret: false).description == "plain")
    }
}

struct EngineProfileTests {
    @Test(arguments: Engine.allCases)
    func `every engine has a profile that can be asked`(engine: Engine) {
        let profile = EngineProfile.of(engine)
        #expect(profile.engine == engine)
        #expect(profile.healthPath.hasPrefix("/"))
        #expect(profile.defaultPort > 0)
        #expect(profile.keepAlive < .seconds(5), "vLLM closes idle connections after 5 s")
    }

    @Test func `SGLang is asked where the answer does not take a second`() {
        #expect(EngineProfile.of(.sglang).healthPath == "/ready")
    }
}
