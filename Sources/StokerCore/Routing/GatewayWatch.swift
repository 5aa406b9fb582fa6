/// The control plane's side of the talk with the gateway, as a value: which table to push, and what is worth an event.
///
/// The gateway may be new, old, or silent at any time; whatever it reports, pushing the wanted table until the gateway
/// says that it has it is always right.
package struct GatewayWatch: Sendable {
    /// What the gateway should have.
    package private(set) var wanted: RoutingTable
    /// The newest report, nil while the gateway is silent.
    package private(set) var latest: GatewayStatus?
    private var wasReachable = false
    private var isEnding = false
    private var out: Set<String> = []
    /// Up to where the gateway's notices have become events; goes along with the next question.
    package private(set) var read: NoticeMark?

    package init(wanted: RoutingTable) { self.wanted = wanted }

    package enum Observation: Sendable {
        /// Plan or processes have changed. A table that is not newer than the wanted one came late and is ignored.
        case wants(RoutingTable)
        case report(GatewayStatus)
        case silence(String)
        /// The gateway is told to end: from now on its silence is no news.
        case ending
    }

    package enum Effect: Sendable, Equatable {
        case push(RoutingTable)
        case record(Event.Kind, Event.Severity, subject: String?, message: String, evidence: [String] = [])
    }

    /// Takes what was seen and returns what to do.
    package mutating func handle(_ observation: Observation) -> [Effect] {
        switch observation {
        case .wants(let table):
            guard table.version > wanted.version else { return [] }
            wanted = table
            return wasReachable ? [.push(table)] : []
        case .report(let status):
            wasReachable = true
            latest = status
            let stale = status.version != wanted.version || status.epoch != wanted.epoch
            return (stale ? [.push(wanted)] : []) + changes(in: status) + news(status.notices)
        case .ending:
            isEnding = true
            return []
        case .silence(let why):
            latest = nil
            guard wasReachable, !isEnding else { return [] }
            wasReachable = false
            return [.record(.gatewayLost, .warning, subject: "gateway", message: "The gateway does not answer: \(why)")]
        }
    }

    /// Only what the gateway found out by itself: what the table took out has its own events.
    private mutating func changes(in status: GatewayStatus) -> [Effect] {
        let listed = Set(wanted.backends.filter(\.inRotation).map(\.name))
        var effects: [Effect] = []
        for backend in status.backends where listed.contains(backend.name) {
            if !backend.usable, out.insert(backend.name).inserted {
                effects.append(
                    .record(
                        .backendOut, .warning, subject: backend.name,
                        message: "The gateway took it out of rotation: \(backend.lastError ?? "no reason given")",
                        evidence: backend.proof ?? []))
            } else if backend.usable, out.remove(backend.name) != nil {
                effects.append(
                    .record(
                        .backendBack, .info, subject: backend.name, message: "It answers again and is in rotation.",
                        evidence: backend.proof ?? []))
            }
        }
        return effects
    }

    /// Each notice once, though the gateway repeats them until it knows that they were read.
    private mutating func news(_ page: GatewayNotices?) -> [Effect] {
        guard let page else { return [] }
        // A gateway that has started anew counts anew.
        let last = read?.life == page.life ? read?.sequence ?? 0 : 0
        let fresh = page.notices.filter { $0.sequence > last }
        read = NoticeMark(life: page.life, sequence: fresh.map(\.sequence).max() ?? last)
        return fresh.map(\.effect)
    }
}
