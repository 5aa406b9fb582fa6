import StokerCore

/// `GET /metrics` and nothing else: for a command that runs for a while and has no control plane.
package struct MetricsAPI: Sendable {
    private let metrics: MetricsPage
    private let guardian: RequestGuard

    /// `metrics` answers, `guardian` decides who is heard.
    package init(metrics: MetricsPage, guardian: RequestGuard) {
        self.metrics = metrics
        self.guardian = guardian
    }

    /// The answer; never fails, because an error is an answer too.
    package func respond(to request: AdminRequest) async -> AdminResponse {
        do throws(ControlError) {
            try guardian.check(request)
            guard request.path == "/metrics" else {
                return .json(404, ControlError(code: .badRequest, message: "no such path", hint: "GET /metrics"))
            }
            guard request.method == "GET" || request.method == "HEAD" else {
                var response = AdminResponse.json(
                    405, ControlError(code: .badRequest, message: "/metrics takes GET only"))
                response.headers["Allow"] = "GET, HEAD"
                return response
            }
            return try await metrics.answer(request)
        } catch {
            return .error(error)
        }
    }
}
