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
            present = CompiledTable(source, after: before)
            return (before, present)
        }
        loops.onEach { $0.apply(next) }
        connections.allow(source.limits.maxConnections)
        recent.resize(to: source.limits.recentRequests)
        askAgain(before, next)
        log.notice(
            "routing table in force",
            metadata: ["version": "\(source.version)", "backends": "\(next.backends.count)"])
    }

    /// A backend that the control plane has just put into rotation is worth a question now, not after its backoff.
    private func askAgain(_ before: CompiledTable, _ next: CompiledTable) {
        let out = Set(before.backends.filter { !$0.route.inRotation }.map(\.cell.id))
        for backend in next.backends where backend.route.inRotation && out.contains(backend.cell.id) {
            if let effect = backend.cell.note(.vouched) { loops.onFirst { $0.follow(effect, for: backend.cell) } }
        }
    }
}
