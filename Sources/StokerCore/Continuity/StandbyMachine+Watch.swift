/// What is seen, and what it says of the models.
extension StandbyMachine {
    mutating func observe(_ sight: Sight, _ now: Duration) {
        let backends = Dictionary(
            (sight.gateway?.backends ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: [String: Track] = [:]
        for status in sight.processes {
            let backend = backends[status.name]
            let isUsable = status.state == .ready && backend?.usable ?? true
            var before = min(tracks[status.name]?.restartsBefore ?? status.restarts, status.restarts)
            if isUsable || [.stopped, .failed, .waiting].contains(status.state) { before = status.restarts }
            seen[status.name] = Track(
                status: status, isUsable: isUsable, inFlight: backend?.inFlight, restartsBefore: before)
        }
        tracks = seen
    }

    mutating func watch(_ ladder: StandbyPlan.Ladder, _ now: Duration) {
        var model = models[ladder.model] ?? ModelView()
        model.firstSeen = model.firstSeen ?? now
        if ladder.above.contains(where: isUsable) {
            model.hasServed = true
            model.outageSince = nil
        } else if model.hasServed || !areNew(ladder.above, model, now) {
            model.outageSince = model.outageSince ?? now
        }
        model.isSettled =
            model.isSettled || ladder.backends.contains(where: isUsable) || !areNew(ladder.backends, model, now)
        model.wholeSince = isWhole(ladder) ? model.wholeSince ?? now : nil
        models[ladder.model] = model
    }

    func isUsable(_ name: String) -> Bool { tracks[name]?.isUsable ?? false }

    /// Whether the daemon is young and these are on their first way up, or nobody has wanted them yet.
    private func areNew(_ names: [String], _ model: ModelView, _ now: Duration) -> Bool {
        let age = model.firstSeen.map { now - $0 } ?? .zero
        let all = names.compactMap { tracks[$0] }
        let isLoading = all.contains { track in
            let isUnderway = track.status.state == .waiting || track.status.state == .starting
            guard plan.managed.contains(track.status.name) else { return isUnderway && age < Self.firstAnswer }
            return isUnderway && track.failedStarts == 0
        }
        return isLoading || all.allSatisfy { $0.status.state == .stopped }
    }

    /// Whether all backends serve that nobody has stopped, and at least one.
    private func isWhole(_ ladder: StandbyPlan.Ladder) -> Bool {
        let meant = ladder.backends.filter { name in
            guard let track = tracks[name] else { return false }
            return displaced[name] == nil && track.status.state != .stopped
        }
        return !meant.isEmpty && meant.allSatisfy(isUsable)
    }

    /// Whether the grace would be waited for in vain: all above have failed, and none can be back within it.
    func isHopeless(_ ladder: StandbyPlan.Ladder) -> Bool {
        ladder.above.allSatisfy { name in
            guard let track = tracks[name], plan.managed.contains(name) else { return false }
            if track.isHopeless || displaced[name] != nil { return true }
            guard track.status.state == .starting, track.failedStarts > 0, let load = track.status.lastStartSeconds
            else { return false }
            return load > Self.grace.inSeconds
        }
    }

    /// How long nobody may serve before a cold standby is started.
    func grace(_ ladder: StandbyPlan.Ladder) -> Duration {
        ladder.above.contains { tracks[$0]?.status.state == .ready } ? Self.doubtfulGrace : Self.grace
    }

    /// How these stand, one line each: why a standby is needed.
    func evidence(of names: [String], for ladder: StandbyPlan.Ladder) -> [String] {
        ["model: \(ladder.model)"]
            + names.map { name in
                guard let track = tracks[name] else { return "\(name): unknown" }
                guard track.status.state == .ready else {
                    return "\(name): \(track.status.state.rawValue): \(track.status.reason)"
                }
                return "\(name): ready, but the gateway has taken it out of rotation"
            }
    }

    /// Standbys that begin or cease to serve. A cold one has records of its own for that.
    mutating func noteServing(_ turn: inout StandbyTurn) {
        var now: [String: StandbyPlan.Ladder] = [:]
        for ladder in plan.ladders where models[ladder.model]?.outageSince != nil {
            let here = (ladder.warm + ladder.cold).filter(isUsable)
            for name in here.isEmpty ? ladder.away.filter(isUsable) : here where now[name] == nil { now[name] = ladder }
        }
        // A warm one is above the cold ones: it serves while no backend does.
        for ladder in plan.ladders
        where models[ladder.model]?.isSettled == true && !ladder.backends.contains(where: isUsable) {
            for name in ladder.warm where isUsable(name) && now[name] == nil { now[name] = ladder }
        }
        for (name, since) in serving where now[name] == nil {
            serving[name] = nil
            guard plan.mode(of: name) == .warm else { continue }
            turn.record(
                .standbyFailback, name, "It serves no longer: somebody above it does.",
                ["served for: \((turn.now - since).spoken)"])
        }
        for (name, ladder) in now.sorted(by: { $0.key < $1.key }) where serving[name] == nil {
            serving[name] = turn.now
            guard plan.mode(of: name) == .warm else { continue }
            turn.record(
                .warning, .standbyPromoted, name, "It serves: nobody above it does.",
                evidence(of: ladder.backends, for: ladder))
        }
    }
}
