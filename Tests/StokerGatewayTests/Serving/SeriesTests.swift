import StokerCore
import StokerGateway
import Testing

@Suite("The gateway's series", .timeLimit(.minutes(1)))
struct SeriesTests {
    @Test("are there at zero from the table on where their labels are known, so that the first failure is a rate")
    func bornAtZero() async throws {
        try await TestGateway.with { gateway in
            let address = BackendAddress(host: "127.0.0.1", port: 1)
            try gateway.route(
                [BackendRoute(name: "a", address: address, inRotation: true)], ModelRoute(name: "m", tiers: [["a"]]))
            // The only loop has taken the table when it answers.
            let client = try await TestClient.connect(to: gateway.port)
            #expect(try await client.roundTrip(TestGateway.get("/health")).status == 200)
            #expect(gateway.metric("stoker_gateway_shed_requests_total", "no_backend") == 0)
            for reason in ["no_backend", "stream_started"] {
                #expect(gateway.metric("stoker_gateway_retries_denied_total", reason) == 0, "\(reason)")
            }
            for phase in ["before_first_token", "streaming", "slow_reader"] {
                #expect(gateway.metric("stoker_gateway_client_disconnects_total", phase) == 0, "\(phase)")
            }
            for phase in ["before_first_token", "streaming"] {
                #expect(gateway.metric("stoker_gateway_stream_stalls_total", "a", phase) == 0, "\(phase)")
            }
            for reason in AttemptFailure.Reason.allCases.map(\.rawValue) {
                #expect(gateway.metric("stoker_gateway_upstream_errors_total", "a", reason) == 0, "\(reason)")
                #expect(gateway.metric("stoker_gateway_retries_total", "a", reason) == 0, "\(reason)")
            }
        }
    }

    @Test("of failed attempts are the ones that the metrics page lists")
    func reasons() {
        #expect(
            AttemptFailure.Reason.allCases.map(\.rawValue) == [
                "connect", "timeout_connect", "timeout_first_token", "timeout_idle", "reset", "protocol", "empty",
                "content_type", "error_event", "unfinished", "unfit", "frozen", "silent", "http_429", "http_5xx",
            ])
    }
}
