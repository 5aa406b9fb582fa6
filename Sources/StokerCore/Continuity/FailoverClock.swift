/// The clock of failover, as a value: gathers what gateway and supervisor saw of lost backends, and once a model is
/// whole again says how long each part of the way took.
///
/// Observations come in any order, late, twice or never. So nothing is concluded from one as it comes: they are kept,
/// and the record is computed from all of them when the failover is closed.
package struct FailoverClock: Sendable {
    package enum Observation: Sendable {
        /// The table that the gateway is to have: who serves what, and who is in rotation.
        case table(RoutingTable)
        /// A process ended, and nobody had asked for it.
        case exited(String, words: String)
        /// Its readiness or liveness probe fails.
        case unready(String, words: String)
        case ready(String)
        /// A person or a reload has told it to end: whatever follows is no failover.
        case stopping(String)
        /// It stays down until a person acts.
        case gaveUp(String)
        /// A drill breaks it at this moment.
        case fault(String, drill: Int64)
        /// What the gateway has seen, and who is in its rotation.
        case gateway(GatewayLosses, usable: Set<String>)
        case tick
    }

    /// Backends of one model that are lost within this time of each other are one failover.
    package static let together = Duration.seconds(2)
    /// Between being whole again and the record: the gateway tells the last of it when it is asked next.
    package static let settling = Duration.milliseconds(1500)
    /// A failover that lasts longer is recorded as it stands: the guide's bound for the recovery time.
    package static let patience = Duration.seconds(900)
    /// How long the announcement of a drill explains a loss.
    static let announced = Duration.seconds(60)
    /// How much earlier than the supervisor the gateway may notice the same loss.
    static let tolerance = Duration.seconds(1)

    /// Failovers that are not closed yet, oldest first.
    var open: [OpenFailover] = []
    var serves: [String: [String]] = [:]
    /// By the table in force, for which the control plane vouches.
    private var inRotation: Set<String> = []
    var stopping: Set<String> = []
    /// Announced by drills and not seen yet.
    var faults: [String: (at: BootTime, drill: Int64)] = [:]
    /// By the gateway's last report.
    var usable: Set<String> = []
    var life: Int64 = 0
    /// By backend: losses up to this number belong to some failover already, or to none.
    var settled: [String: Int64] = [:]
    private let startedAt: BootTime

    /// - Parameter startedAt: what the gateway noticed earlier belongs to an earlier control plane.
    package init(startedAt: BootTime) { self.startedAt = startedAt }

    /// How many failovers are not closed yet.
    package var openCount: Int { open.count }

    /// Of these, those that a drill has caused.
    package func openCount(ofDrill id: Int64) -> Int {
        open.count { $0.lost.contains { $0.drill == id } }
    }

    /// Takes an observation in.
    ///
    /// - Parameters:
    ///   - wall: the same instant by the wall clock.
    /// - Returns: the failovers that are closed by it.
    package mutating func handle(_ observation: Observation, at now: BootTime, wall: Timestamp) -> [FailoverRecord] {
        switch observation {
        case .table(let table): take(table, at: now)
        case .exited(let name, let words): lose(name, .exit, words, at: now)
        case .unready(let name, let words): lose(name, .unready, words, at: now)
        case .ready(let name): ready(name, at: now)
        // A restart that follows from a failure is part of its failover.
        case .stopping(let name): if !open.contains(where: { $0.lacks(name) }) { stopping.insert(name) }
        case .gaveUp(let name): close(name, "\(name) was given up", at: now)
        case .fault(let name, let drill): faults[name] = (now, drill)
        case .gateway(let losses, let usable): take(losses, usable, at: now)
        case .tick: break
        }
        return finish(at: now, wall: wall)
    }

    // MARK: What the supervisor says

    private mutating func take(_ table: RoutingTable, at now: BootTime) {
        serves = [:]
        for model in table.models {
            for name in Set(model.tiers.joined()) { serves[name, default: []].append(model.name) }
        }
        inRotation = Set(table.backends.filter(\.inRotation).map(\.name))
        for index in open.indices {
            let model = open[index].model
            open[index].leave(at: now) { [serves] name in serves[name]?.contains(model) != true }
        }
    }

    private mutating func lose(_ name: String, _ kind: FailoverRecord.Kind, _ words: String, at now: BootTime) {
        guard !stopping.contains(name) else { return }
        var isKnown = false
        for index in open.indices {
            guard open[index].mayExplain(name, at: now) else { continue }
            open[index].note(name) { $0.note(kind, words, at: now) }
            isKnown = true
        }
        // One that got no requests is missed by nobody.
        guard !isKnown, inRotation.contains(name) || faults[name] != nil else { return }
        begin(name, at: now) { $0.note(kind, words, at: now) }
    }

    private mutating func ready(_ name: String, at now: BootTime) {
        stopping.remove(name)
        for index in open.indices { open[index].note(name) { $0.ready = now } }
    }

    private mutating func close(_ name: String, _ why: String, at now: BootTime) {
        for index in open.indices {
            open[index].note(name) { $0.closed = $0.closed ?? (why, now) }
        }
    }

    /// A backend is lost: one failover for each of its models, or a part of one that has just begun.
    mutating func begin(_ name: String, at time: BootTime, _ note: (inout LostBackend) -> Void) {
        guard time >= startedAt else { return }
        let fault = faults[name].flatMap { time - $0.at < Self.announced ? $0 : nil }
        faults[name] = nil
        var lost = LostBackend(name: name, fault: fault?.at, drill: fault?.drill)
        note(&lost)
        for model in serves[name] ?? [] {
            if let index = open.lastIndex(where: { $0.model == model && $0.takes(lost) }) {
                open[index].lost.append(lost)
            } else {
                let before = count(inRotation.union([name]), of: model)
                open.append(OpenFailover(model: model, usableBefore: before, lost: [lost]))
            }
        }
    }

    private func count(_ backends: Set<String>, of model: String) -> Int {
        backends.count { serves[$0]?.contains(model) == true }
    }

    // MARK: The end

    private mutating func finish(at now: BootTime, wall: Timestamp) -> [FailoverRecord] {
        for index in open.indices { open[index].noteCapacity(count(usable, of: open[index].model), at: now) }
        let done = open.filter { $0.isDone(at: now) }
        guard !done.isEmpty else { return [] }
        open.removeAll { $0.isDone(at: now) }
        return done.map { failover in
            let age = (now - failover.detected).milliseconds
            return failover.record(at: Timestamp(milliseconds: wall.milliseconds - age))
        }
    }
}
