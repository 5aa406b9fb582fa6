/// Who must wait for whom, at the start and, the other way round, at the end.
package struct StartSequence: Sendable, Equatable {
    /// How far a process has come, as far as others care.
    package struct Progress: Sendable, Equatable {
        /// Whether the host has started it.
        package var isStarted: Bool
        /// Whether its readiness probe passes.
        package var isReady: Bool
        /// Whether something of it still runs.
        package var isAlive: Bool
        /// Whether it keeps what only one may hold: something of it runs, or will again by itself.
        package var isHolding: Bool

        /// Progress as a machine reports it.
        package init(isStarted: Bool, isReady: Bool, isAlive: Bool, isHolding: Bool? = nil) {
            self.isStarted = isStarted
            self.isReady = isReady
            self.isAlive = isAlive
            self.isHolding = isHolding ?? isAlive
        }
    }

    /// In the order of the plan.
    private let processes: [ProcessPlan]

    /// The sequence that these plans ask for.
    package init(_ processes: [ProcessPlan]) { self.processes = processes }

    /// What the process still waits for, in words: `knowledge is not ready`; empty when it may start.
    ///
    /// - Parameter progress: How far each process has come; one that is not in the plan holds nobody up.
    package func blockers(of process: ProcessPlan, progress: [String: Progress]) -> [String] {
        let unready: [String] = process.startAfter.sorted { $0.key < $1.key }.compactMap { name, condition in
            guard let other = progress[name] else { return nil }
            switch condition {
            case .started: return other.isStarted ? nil : "\(name) is not started"
            case .ready: return other.isReady ? nil : "\(name) is not ready"
            }
        }
        return unready + holders(against: process, progress: progress)
    }

    /// Who holds what only one may hold and this process needs.
    private func holders(against process: ProcessPlan, progress: [String: Progress]) -> [String] {
        guard let resource = process.exclusive else { return [] }
        return processes.filter { $0.exclusive == resource && $0.name != process.name }.compactMap { other in
            progress[other.name]?.isHolding == true ? "\(resource) is held by \(other.name)" : nil
        }
    }

    /// Which of the living may be told to end now: those that nobody living has been started after.
    ///
    /// The data plane goes before all others, so that no request meets a backend that is being stopped. Where the plan
    /// has a circle (no valid config has one), all that live may end: a shutdown never waits for ever.
    package func mayEnd(alive: Set<String>) -> [String] {
        let living = processes.filter { alive.contains($0.name) }
        let gateways = living.filter { $0.kind == .gateway }
        guard gateways.isEmpty else { return gateways.map(\.name) }
        let free = living.filter { process in !living.contains { $0.startAfter[process.name] != nil } }
        return (free.isEmpty ? living : free).map(\.name)
    }
}
