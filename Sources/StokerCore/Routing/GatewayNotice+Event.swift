/// What a person is told.
extension GatewayNotice {
    /// The record of it in the control plane's events.
    var effect: GatewayWatch.Effect {
        .record(eventKind, severity, subject: matter.backend, message: message, evidence: evidence)
    }

    private var eventKind: Event.Kind {
        switch matter.kind {
        case .streamContinued: .streamContinued
        case .streamLost: .streamLost
        case .backendSilent: .backendSilent
        case .backendFrozen: .backendFrozen
        }
    }

    private var severity: Event.Severity { matter.kind == .streamContinued ? .info : .warning }

    private var message: String {
        let streams = count == 1 ? "A stream that it had begun was" : "\(count) streams that it had begun were"
        let requests = count == 1 ? "A request" : "\(count) requests"
        switch matter.kind {
        case .streamContinued: return "\(streams) continued on \(matter.other ?? "another backend")."
        case .streamLost: return "\(streams) lost: \(matter.obstacle ?? "nobody could go on")."
        case .backendSilent: return "\(requests) left it: nobody hears anything of it."
        case .backendFrozen: return "\(requests) left it: it says nothing, and its health path does not answer."
        }
    }

    private var evidence: [String] {
        let facts = ["reason: \(matter.reason)", "count: \(count)", "from: \(matter.backend)"]
        return facts + (matter.other.map { ["to: \($0)"] } ?? [])
            + examples.map { "request: \($0.requestID), model: \($0.model)" }
    }
}
