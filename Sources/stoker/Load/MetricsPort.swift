import Foundation
import Logging
import StokerAdmin
import StokerCore
import StokerLoad
import StokerMetrics

/// `/metrics` of a run, as long as it lasts.
struct MetricsPort {
    let address: Endpoint
    let runner: LoadRunner

    /// Reads `127.0.0.1:9464`.
    static func address(_ text: String) throws(LoadError) -> Endpoint {
        guard let endpoint = Endpoint(text: text) else {
            throw LoadError("--prometheus-addr '\(SafeText.escaped(text))' is no address; write 127.0.0.1:9464")
        }
        return endpoint
    }

    /// Serves until cancelled.
    ///
    /// - Parameter ready: told once requests are answered, or why they cannot be.
    func serve(ready: @escaping @Sendable (LoadError?) -> Void) async {
        let endpoint = MetricsEndpoint(startedAt: .now) { [runner] _ in
            LoadExposition(runner.snapshot(), model: runner.plan.target.model).families
        }
        let api = MetricsAPI(
            metrics: MetricsPage(endpoint: endpoint),
            guardian: RequestGuard(hostNames: [ProcessInfo.processInfo.hostName]))
        let server = AdminServer(
            address: .tcp(address), metrics: api, logger: Logger(label: "load") { _ in SwiftLogNoOpLogHandler() },
            onListening: { _ in ready(nil) })
        do {
            try await server.run()
        } catch {
            ready(LoadError("--prometheus-addr: \(error)"))
        }
    }
}
