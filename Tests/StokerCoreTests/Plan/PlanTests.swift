import StokerCore
import Testing

struct GatewayProcessTests {
    private func gateway(listening host: String) -> ProcessPlan {
        let plan = Plan(
            stateDirectory: "/s", runtimeDirectory: "/r",
            gateway: GatewayPlan(listen: Endpoint(host: host, port: 8080)), adminListen: nil, events: EventRetention(),
            processes: [], models: [], digest: "0")
        return .gateway(of: plan, program: "/usr/bin/stoker")
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
