import StokerAdmin
import StokerCore
import StokerMetrics
import Testing

@Suite("A page of metrics alone")
struct MetricsAPITests {
    private let api = MetricsAPI(
        metrics: MetricsPage(startedAt: Timestamp(milliseconds: 0)) { _ in MetricsSnapshot() },
        guardian: RequestGuard(hostNames: []))

    private func status(_ request: AdminRequest) async -> Int { await api.respond(to: request).status }

    @Test("answers GET and HEAD of /metrics", arguments: ["GET", "HEAD"])
    func page(method: String) async {
        let request = AdminRequest(method, "/metrics?x=1", headers: ["host": "127.0.0.1:9464"], transport: .tcp)
        #expect(await status(request) == 200)
    }

    @Test("has nothing else", arguments: ["/", "/metrics/", "/healthz", "/api/v1/status"])
    func others(path: String) async {
        #expect(await status(AdminRequest("GET", path, headers: ["host": "localhost"], transport: .tcp)) == 404)
    }

    @Test("takes no orders")
    func orders() async {
        let response = await api.respond(to: AdminRequest("POST", "/metrics"))
        #expect(response.status == 405 && response.headers["Allow"] == "GET, HEAD")
    }

    @Test("does not answer to names that a web page may have made up")
    func rebinding() async {
        #expect(
            await status(AdminRequest("GET", "/metrics", headers: ["host": "evil.example"], transport: .tcp)) == 403)
    }
}
