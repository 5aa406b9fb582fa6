import StokerCore

/// A table as a choice sees it, at one moment.
struct TableView: BackendView {
    /// How long ago a backend that its readiness probe has taken out may have answered somebody, in nanoseconds.
    private static let memory: Int64 = 10_000_000_000

    let table: CompiledTable
    /// As `SocketLoop.nanoseconds`.
    let now: Int64

    func standing(_ backend: Int) -> Standing {
        let backend = table.backends[backend]
        let cell = backend.cell
        let earned = cell.standing
        guard earned > .out, cell.tlsFault == nil else { return .out }
        guard backend.route.inRotation else {
            // An answer that has just come is better evidence than a probe.
            return backend.route.isUnready && now - cell.lastHeard < Self.memory ? .lastResort : .out
        }
        return earned == .good && cell.isShunned(at: now) ? .doubtful : earned
    }

    func inFlight(_ backend: Int) -> Int { table.backends[backend].cell.inFlight }

    func limit(_ backend: Int) -> Int {
        let backend = table.backends[backend]
        guard let slots = backend.route.slots else { return Int.max }
        return backend.cell.limit(slots, at: now)
    }

    func share(_ backend: Int) -> Int { table.backends[backend].cell.share }

    func seed(_ backend: Int) -> UInt64 { table.backends[backend].seed }
}
