import Logging
package import StokerCore
import Synchronization

/// Where tables come in: checks their order, compiles them, and hands them to every event loop.
package final class TableDesk: Sendable {
    /// Why a table was refused.
    package enum Refusal: Error, Equatable {
        /// The present one comes from a newer control plane, or has a higher version.
        case older(presentEpoch: Int64, presentVersion: UInt64)

        /// One line for the control plane.
        var text: String {
            switch self {
            case .older(let epoch, let version): "table \(version) of epoch \(epoch) is in force and newer"
            }
        }
    }

    private let present: Mutex<CompiledTable>
    private let loops: LoopGroup
    private let connections: ConnectionCount
    private let recent: RecentRequests
    private let settlement = Settlement()
    private let log: Logger

    init(_ table: CompiledTable, loops: LoopGroup, connections: ConnectionCount, recent: RecentRequests, log: Logger) {
        present = Mutex(table)
        self.loops = loops
        self.connections = connections
        self.recent = recent
        self.log = log
    }

    /// The table in force.
    package var table: CompiledTable { present.withLock { $0 } }

    /// What the private socket tells the control plane.
    var status: GatewayStatus {
        var status = table.status
        status.settled = settlement.version(of: status.epoch)
        status.connections = connections.count
        return status
    }

    /// Whether clients are being served by some table.
    var isReady: Bool { status.settled.map { $0 > 0 } ?? false }

    /// Puts a table in force for all requests that come from now on.
    package func apply(_ source: RoutingTable) throws(Refusal) {
        let (before, next) = try present.withLock { present throws(Refusal) in
            guard TableOrder.mayReplace(present.source, with: source) else {
                throw .older(presentEpoch: present.source.epoch, presentVersion: present.source.version)
            }
            let before = present
            // What failed is tried again: the files may be what they were, and their directory open by now.
            let isCurrent = before.security.isCurrent(for: source.limits.tls) && before.security.fault == nil
            let security = isCurrent ? before.security : .load(source.limits.tls, after: before.security)
            present = CompiledTable(source, after: before, security: security)
            return (before, present)
        }
        settlement.begin(source, loops: loops.count)
        loops.onEach { [settlement] loop in
            loop.apply(next)
            settlement.reached(source) { next.announce() }
        }
        loops.onFirst { $0.noteRotation(from: before, to: next) }
        report(next.security, after: before.security)
        connections.allow(source.limits.maxConnections)
        recent.resize(to: source.limits.recentRequests)
        noteDepartures(before, next)
        askAgain(before, next)
        log.notice(
            "routing table in force",
            metadata: ["version": "\(source.version)", "backends": "\(next.backends.count)"])
    }

    /// Reads the certificate again if its files have changed; connections that come from now on get the new one.
    package func lookAtCertificate() {
        let change = present.withLock { present -> (before: CompiledTable, next: CompiledTable)? in
            let paths = present.source.limits.tls
            guard !present.security.isCurrent(for: paths) else { return nil }
            let before = present
            present = CompiledTable(
                before.source, after: before, security: .load(paths, after: before.security))
            return (before, present)
        }
        guard let (before, next) = change else { return }
        loops.onEach { $0.apply(next) }
        report(next.security, after: before.security)
    }

    private func report(_ security: ListenerSecurity, after before: ListenerSecurity) {
        if let fault = security.fault {
            let words = security.isServing ? "the earlier certificate stays in force" : "no client is served"
            log.warning("the certificate cannot be used; \(words)", metadata: ["reason": "\(fault)"])
        } else if let expiry = security.expiry, security.isNewer(than: before) {
            let day = TimeText.dateAndTime(Timestamp(milliseconds: expiry * 1000), utcOffset: 0)
            log.notice("certificate in force", metadata: ["expires": "\(day) UTC"])
        }
    }

    /// Keeps in mind who served while a backend was away: those that begin together need not warm up one by one.
    private func noteDepartures(_ before: CompiledTable, _ next: CompiledTable) {
        let out = Set(before.backends.filter { !$0.route.inRotation }.map(\.cell.id))
        for backend in next.backends where !backend.route.inRotation && !out.contains(backend.cell.id) {
            backend.cell.left(othersServe: next.isServed(beside: backend.cell))
        }
    }

    /// A backend that the control plane has just put into rotation is worth a question now, not after its backoff.
    private func askAgain(_ before: CompiledTable, _ next: CompiledTable) {
        let out = before.backends.filter { !$0.route.inRotation }
        for backend in next.backends where backend.route.inRotation {
            guard let earlier = out.first(where: { $0.cell === backend.cell }) else { continue }
            // One whose probe failed for a while is the same process as before.
            let event = BackendRecovery.Event.vouched(
                isNew: !earlier.route.isUnready,
                othersServe: !backend.cell.leftNobody && before.isServed(beside: backend.cell))
            loops.onFirst { $0.tell(event, of: backend.cell) }
        }
    }
}

/// Knows by which table all loops go at least: each takes up a new one when it comes to it.
private final class Settlement: Sendable {
    private struct State {
        /// The newest that they were given, and how many have not taken it up yet.
        var given: (epoch: Int64, version: UInt64) = (0, 0)
        var left = 0
        var settled: (epoch: Int64, version: UInt64) = (0, 0)
    }

    private let state = Mutex(State())

    /// The version of the newest table of that epoch that all loops go by; 0 is none.
    func version(of epoch: Int64) -> UInt64 {
        state.withLock { $0.settled.epoch == epoch ? $0.settled.version : 0 }
    }

    func begin(_ table: RoutingTable, loops: Int) {
        state.withLock { state in
            state.given = (table.epoch, table.version)
            state.left = loops
        }
    }

    /// One loop has taken it up; `settle` is called by the last. Whoever is overtaken by the next is of no interest.
    func reached(_ table: RoutingTable, settle: () -> Void) {
        state.withLock { state in
            guard state.given == (table.epoch, table.version) else { return }
            state.left -= 1
            guard state.left <= 0 else { return }
            settle()
            state.settled = state.given
        }
    }
}
