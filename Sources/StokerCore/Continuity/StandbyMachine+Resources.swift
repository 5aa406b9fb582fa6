/// What only one process may hold at a time: a GPU that a backend and its cold standby share.
///
/// Whoever holds it keeps it while it lives or is about to live again. Only a backend whose restart has failed gives it
/// up, and it rests then until the standby has gone.
extension StandbyMachine {
    enum Access: Equatable {
        case free
        /// This holder has to rest first; it serves nobody.
        case displaces(String)
        /// This one was told to, and has not ended yet.
        case clearing(String)
        case held(String)

        var isGranted: Bool {
            if case .held = self { false } else { true }
        }
    }

    func access(of standby: String, _ turn: StandbyTurn) -> Access {
        guard let resource = plan.resources[standby] else { return .free }
        let holders = sharers(of: resource, but: standby).filter { tracks[$0]?.isHolding == true }
        guard let holder = holders.first else {
            // What was promised to another standby a moment ago is not free.
            let promised = plan.cold.first {
                $0 != standby && plan.resources[$0] == resource && standbys[$0]?.isActive == true
            }
            if let promised { return .held("\(resource) is promised to \(promised)") }
            return turn.occupied.contains(resource) ? .held("\(resource) is not free yet") : .free
        }
        let isBelow = plan.ladders(over: standby).contains { $0.above.contains(holder) }
        if displaced[holder] != nil { return .clearing(holder) }
        if isBelow, tracks[holder]?.isHopeless == true { return .displaces(holder) }
        let state = tracks[holder]?.status.state.rawValue ?? "unknown"
        return .held("\(resource) is held by \(holder), which is \(state)")
    }

    mutating func displace(_ holder: String, for standby: String, _ turn: inout StandbyTurn) {
        guard let resource = plan.resources[standby] else { return }
        displaced[holder] = Displacement(resource: resource, at: turn.now)
        turn.effects.append(.stop(holder))
    }

    /// Whom a person has started and who waits for what this standby holds.
    func claimant(of standby: String) -> String? {
        guard let resource = plan.resources[standby] else { return nil }
        let above = Set(plan.ladders(over: standby).flatMap(\.above))
        return sharers(of: resource, but: standby).first {
            above.contains($0) && displaced[$0] == nil && tracks[$0]?.status.state == .waiting
        }
    }

    /// Starts whom a standby has displaced once no standby has or wants the resource.
    mutating func settleDisplaced(_ turn: inout StandbyTurn) {
        for (name, displacement) in displaced.sorted(by: { $0.key < $1.key }) {
            guard let track = tracks[name] else {
                displaced[name] = nil
                continue
            }
            if track.isDown {
                displaced[name]?.isDown = true
                restore(name, displacement, &turn)
            } else if displacement.isDown {
                // A person has started it.
                displaced[name] = nil
            } else if !track.isEnding, turn.now - displacement.at >= Self.orderPatience {
                displaced[name]?.at = turn.now
                turn.effects.append(.stop(name))
            }
        }
    }

    private mutating func restore(_ name: String, _ displacement: Displacement, _ turn: inout StandbyTurn) {
        let isWanted = plan.cold.contains {
            plan.resources[$0] == displacement.resource && standbys[$0]?.needsResource == true
        }
        guard !isWanted else { return }
        displaced[name] = nil
        turn.effects.append(.start(name))
    }

    private func sharers(of resource: String, but name: String) -> [String] {
        plan.resources.filter { $0.value == resource && $0.key != name }.keys.sorted()
    }
}
