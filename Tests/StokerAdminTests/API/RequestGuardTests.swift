import StokerAdmin
import StokerCore
import Testing

@Suite("The guard of the admin API")
struct RequestGuardTests {
    private func status(of target: String = "/healthz", headers: [String: String]) async -> Int {
        await api().respond(to: AdminRequest(target, headers: headers, transport: .tcp)).status
    }

    @Test(
        "answers over TCP to an address, to localhost and to the names of the machine",
        arguments: [
            "127.0.0.1:8081", "127.0.0.1", "localhost:8081", "LocalHost", "[::1]:8081", "10.0.0.9:8081", "gpu1:8081",
            "GPU1", "[fe80::1%25eth0]:8081",
        ])
    func knownHosts(host: String) async {
        #expect(await status(headers: ["host": host]) == 200)
    }

    @Test(
        "refuses a name that was rebound to this machine",
        arguments: [
            "evil.example", "evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example",
            "gpu1.evil.example",
            "127.0.0.1x", "1.2.3", "1.2.3.4.5", "256.1.1.1", "", "[]", "[evil.example]", "2130706433", "0x7f.1.1.1",
        ])
    func rebound(host: String) async {
        for target in ["/healthz", "/metrics", "/api/v1/status"] {
            #expect(await status(of: target, headers: ["host": host]) == 403)
        }
    }

    @Test("wants a Host over TCP")
    func noHost() async {
        #expect(await status(headers: [:]) == 400)
    }

    @Test("takes no order over TCP", arguments: ["/api/v1/reload", "/api/v1/processes/a/stop", "/healthz"])
    func noOrders(target: String) async throws {
        let plane = FakeControlPlane()
        let request = AdminRequest("POST", target, headers: ["host": "127.0.0.1"], transport: .tcp)
        let response = await api(plane).respond(to: request)
        #expect(response.status == 403)
        #expect(try AdminJSON.decoded(ControlError.self, from: response.body).code == .forbidden)
        #expect(plane.seen.orders.isEmpty)
    }

    @Test(
        "refuses what a browser sends for another page, on either transport",
        arguments: [
            ["origin": "http://evil.example"], ["origin": "null"], ["origin": "https://127.0.0.1:8081"],
            ["sec-fetch-site": "cross-site"], ["sec-fetch-site": "same-site"],
            ["origin": "http://127.0.0.1:9999"],
        ])
    func crossOrigin(headers: [String: String]) async {
        let headers = headers.merging(["host": "127.0.0.1:8081"]) { $1 }
        for transport in [AdminRequest.Transport.tcp, .unixSocket] {
            let response = await api().respond(to: AdminRequest("/healthz", headers: headers, transport: transport))
            #expect(response.status == 403)
        }
    }

    @Test(
        "answers a page of its own",
        arguments: [["origin": "http://127.0.0.1:8081"], ["sec-fetch-site": "same-origin"], ["sec-fetch-site": "none"]])
    func sameOrigin(headers: [String: String]) async {
        #expect(await status(headers: headers.merging(["host": "127.0.0.1:8081"]) { $1 }) == 200)
    }

    @Test("does not look at the Host over the unix socket, where any name will do")
    func unixSocket() async {
        let response = await api().respond(to: AdminRequest("/healthz", headers: ["host": "whatever"]))
        #expect(response.status == 200)
    }
}
