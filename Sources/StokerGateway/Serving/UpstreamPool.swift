import StokerCore

/// Idle connections to backends, newest first, because the newest is the least likely to have been closed meanwhile.
///
/// It hands out what must be closed instead of closing it: a closing connection calls back.
struct UpstreamPool {
    private struct Parked {
        var upstream: UpstreamConnection
        var until: Duration
    }

    private var idle: [Int: [Parked]] = [:]

    var isEmpty: Bool { idle.isEmpty }

    mutating func put(_ upstream: UpstreamConnection, until: Duration) {
        idle[upstream.cell.id, default: []].append(Parked(upstream: upstream, until: until))
    }

    mutating func take(_ cell: Int) -> UpstreamConnection? { idle[cell]?.popLast()?.upstream }

    mutating func remove(_ upstream: UpstreamConnection) {
        idle[upstream.cell.id]?.removeAll { $0.upstream === upstream }
    }

    mutating func takeAll(of cell: Int) -> [UpstreamConnection] {
        (idle.removeValue(forKey: cell) ?? []).map(\.upstream)
    }

    mutating func takeAll(exceptOf cells: Set<Int>) -> [UpstreamConnection] {
        let gone = idle.keys.filter { !cells.contains($0) }
        return gone.flatMap { takeAll(of: $0) }
    }

    /// What has been idle for too long; engines close sooner or later, and always at the wrong moment.
    mutating func takeExpired(at now: Duration) -> [UpstreamConnection] {
        var expired: [UpstreamConnection] = []
        for (cell, connections) in idle {
            // Oldest first, so the first one says whether there is anything to do.
            guard let oldest = connections.first else {
                idle[cell] = nil
                continue
            }
            guard oldest.until <= now else { continue }
            expired += connections.filter { $0.until <= now }.map(\.upstream)
            idle[cell] = connections.filter { $0.until > now }
        }
        return expired
    }
}
