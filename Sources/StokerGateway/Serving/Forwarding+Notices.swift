import StokerCore
import StokerMetrics

/// What the control plane is told of.
extension Forwarding {
    /// The stream flows again.
    func noteContinued() {
        guard let broken = seam.broken.take() else { return }
        broken.meters.seam(after: broken.failure)
        accounts.seam()
        note(.streamContinued, backend: broken.backend, other: lastBackend, broken.failure)
    }

    /// Nobody goes on with the stream.
    ///
    /// - Parameter obstacle: why, as a clause.
    func noteLost(_ failure: AttemptFailure, obstacle: String) {
        let broken = seam.broken.take()
        note(.streamLost, backend: broken?.backend ?? lastBackend ?? "", broken?.failure ?? failure, obstacle: obstacle)
    }

    /// A backend is left because it says nothing.
    func noteSilence(_ failure: AttemptFailure) {
        note(failure == .frozen ? .backendFrozen : .backendSilent, backend: lastBackend ?? "", failure)
    }

    private func note(
        _ kind: GatewayNotice.Kind, backend: String, other: String? = nil, _ failure: AttemptFailure,
        obstacle: String? = nil
    ) {
        loop.notices.note(
            GatewayNotice.Matter(
                kind, backend: backend, other: other, reason: failure.reason.rawValue, obstacle: obstacle),
            GatewayNotice.Example(requestID: request.origin.id, model: model.route.name),
            at: MetricsClock.system.wall())
    }
}
