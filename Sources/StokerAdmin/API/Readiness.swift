package import StokerCore

/// Whether clients are served, and if not, what is missing; the answer of `/readyz`.
package struct Readiness: Sendable, Equatable, Codable {
    /// Whether nothing is missing.
    package var ready: Bool
    /// One line for each thing that is missing, the gateway first.
    package var missing: [String]

    /// Ready: the gateway serves, and every model has a backend in rotation.
    package init(_ report: StatusReport) {
        var missing: [String] = []
        if report.gateway == nil { missing.append("the gateway was not started") }
        if let gateway = report.gateway, gateway.state != .ready {
            missing.append("the gateway is \(gateway.state.rawValue): \(gateway.reason)")
        }
        for model in report.models where model.inRotation == 0 {
            let backends = (model.backends + model.standby).map { Self.describe($0, in: report) }
            missing.append("model \(model.name) has no backend in rotation (\(backends.joined(separator: "; ")))")
        }
        self.missing = missing
        ready = missing.isEmpty
    }

    private static func describe(_ backend: String, in report: StatusReport) -> String {
        guard let process = report.processes.first(where: { $0.name == backend }) else { return "\(backend): unknown" }
        let reason = process.reason.isEmpty ? "" : ", \(process.reason)"
        return "\(backend): \(process.state.rawValue)\(reason)"
    }
}
