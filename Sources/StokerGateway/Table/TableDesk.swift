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
        loops.onEach { $0.apply(next) }
        loops.onFirst { $0.noteRotation(from: before, to: next) }
        report(next.security, after: before.security)
        connections.allow(source.limits.maxConnections)
        recent.resize(to: source.limits.recentRequests)
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

    /// A backend that the control plane has just put into rotation is worth a question now, not after its backoff.
    private func askAgain(_ before: CompiledTable, _ next: CompiledTable) {
        let out = Set(before.backends.filter { !$0.route.inRotation }.map(\.cell.id))
        for backend in next.backends where backend.route.inRotation && out.contains(backend.cell.id) {
            if let effect = backend.cell.note(.vouched) { loops.onFirst { $0.follow(effect, for: backend.cell) } }
        }
    }
}
