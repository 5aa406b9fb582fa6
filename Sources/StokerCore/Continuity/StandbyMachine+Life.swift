/// The life of a cold standby.
extension StandbyMachine {
    /// Compares what it should be doing with what it does.
    mutating func follow(_ name: String, _ turn: inout StandbyTurn) {
        guard let track = tracks[name], let standby = standbys[name] else { return }
        switch standby.phase {
        case .resting, .pending, .leftAlone: followIdle(name, track, &turn)
        case .loading(let since, let isSeen): followLoad(name, track, since, isSeen, &turn)
        case .serving, .draining:
            if track.status.state == .failed { return giveUp(name, track, &turn) }
            if track.status.state == .stopped { leaveAlone(name) }
        case .stopping(let since):
            if track.isDown {
                standbys[name]?.phase = .resting
            } else if !track.isEnding, turn.now - since >= Self.orderPatience {
                stop(name, &turn)
            }
        case .byHand: if track.isDown { leaveAlone(name) }
        }
    }

    private mutating func followIdle(_ name: String, _ track: Track, _ turn: inout StandbyTurn) {
        if track.isWanted {
            standbys[name]?.phase = .byHand
        } else if standbys[name]?.phase == .leftAlone, !isNeeded(name) {
            standbys[name]?.phase = .resting
        }
    }

    private mutating func followLoad(
        _ name: String, _ track: Track, _ since: Duration, _ isSeen: Bool, _ turn: inout StandbyTurn
    ) {
        let isOverdue = turn.now - since >= Self.orderPatience
        switch track.status.state {
        case .ready:
            standbys[name]?.phase = .serving(since: turn.now)
            standbys[name]?.failures = 0
            standbys[name]?.retryAt = nil
            turn.record(
                .standbyReady, name, "It is loaded and serves.",
                ["from the order to serving: \((turn.now - since).spoken)"])
        case .failed where isSeen || isOverdue: giveUp(name, track, &turn)
        case .stopped where isSeen: leaveAlone(name)
        case .stopped where isOverdue, .failed where isOverdue: start(name, &turn)
        case .stopped, .failed: break
        default: standbys[name]?.phase = .loading(since: since, isSeen: true)
        }
    }

    /// A person has stopped it.
    private mutating func leaveAlone(_ name: String) {
        let phase: Standby.Phase = isNeeded(name) ? .leftAlone : .resting
        standbys[name]?.phase = phase
    }

    /// Whether nobody above it serves, for some model.
    func isNeeded(_ name: String) -> Bool {
        plan.ladders(over: name).contains { models[$0.model]?.outageSince != nil }
    }

    // MARK: Up

    /// Finds a standby for a model that nobody serves, and starts it.
    mutating func choose(_ ladder: StandbyPlan.Ladder, _ turn: inout StandbyTurn) {
        guard !ladder.cold.isEmpty, let outage = models[ladder.model]?.outageSince else { return }
        dismissBad(in: ladder, &turn)
        guard !ladder.cold.contains(where: { isUnderWay($0, &turn) }) else { return standDown(ladder) }
        for name in ladder.cold where isEligible(name, turn.now) {
            guard turn.now - outage >= grace(ladder) || isHopeless(ladder) else { return }
            switch access(of: name, turn) {
            case .free: return promote(name, for: ladder, &turn)
            case .displaces(let holder):
                displace(holder, for: name, &turn)
                standbys[name]?.phase = .pending("\(holder) is put to rest for it")
                return
            case .clearing(let holder):
                standbys[name]?.phase = .pending("\(holder) has not ended yet")
                return
            case .held(let why): standbys[name]?.phase = .pending(why)
            }
        }
    }

    /// Whether it is loading or serving already, or a person takes care of it. One that was about to go stays.
    private mutating func isUnderWay(_ name: String, _ turn: inout StandbyTurn) -> Bool {
        switch standbys[name]?.phase {
        case .loading, .serving: return true
        case .byHand: return tracks[name]?.isHopeless == false
        case .draining:
            standbys[name]?.phase = .serving(since: turn.now)
            turn.record(.warning, .standbyPromoted, name, "It goes on serving: it is needed again.")
            return true
        case .resting, .pending, .stopping, .leftAlone, nil: return false
        }
    }

    /// Another one takes care of it.
    private mutating func standDown(_ ladder: StandbyPlan.Ladder) {
        for name in ladder.cold {
            if case .pending = standbys[name]?.phase { standbys[name]?.phase = .resting }
        }
    }

    private func isEligible(_ name: String, _ now: Duration) -> Bool {
        guard let standby = standbys[name], tracks[name] != nil else { return false }
        switch standby.phase {
        case .resting, .pending: return standby.retryAt.map { now >= $0 } ?? true
        case .loading, .serving, .draining, .stopping, .byHand, .leftAlone: return false
        }
    }

    private mutating func promote(_ name: String, for ladder: StandbyPlan.Ladder, _ turn: inout StandbyTurn) {
        let window = max(Self.longestFailback, ladder.failback)
        let isUndone = standbys[name]?.steppedBackAt.map { turn.now - $0 < window } ?? false
        let undone = isUndone ? (standbys[name]?.undone ?? 0) + 1 : 0
        standbys[name]?.undone = undone
        let load = tracks[name]?.status.lastStartSeconds.map { Duration.seconds($0).spoken } ?? "not known yet"
        turn.record(
            .warning, .standbyPromoted, name, "It is started: nobody above it serves.",
            evidence(of: ladder.above, for: ladder) + ["its last load took: \(load)"])
        start(name, &turn)
    }

    private mutating func start(_ name: String, _ turn: inout StandbyTurn) {
        standbys[name]?.phase = .loading(since: turn.now, isSeen: false)
        turn.effects.append(.start(name))
    }

    // MARK: It does not load

    /// One failed start is enough where another standby can be tried; else its own restart policy says when to give up.
    private mutating func dismissBad(in ladder: StandbyPlan.Ladder, _ turn: inout StandbyTurn) {
        for name in ladder.cold {
            guard let track = tracks[name], let phase = standbys[name]?.phase, !track.isUsable else { continue }
            let isBad: Bool
            switch phase {
            case .loading(_, isSeen: true): isBad = track.failedStarts >= 1 || track.status.state == .backoff
            case .serving: isBad = track.isHopeless
            default: isBad = false
            }
            if isBad, successor(of: name, in: ladder, turn) != nil { giveUp(name, track, &turn) }
        }
    }

    /// Who could be tried in its place.
    private func successor(of name: String, in ladder: StandbyPlan.Ladder, _ turn: StandbyTurn) -> String? {
        ladder.cold.first { $0 != name && isEligible($0, turn.now) && canFollow(name, $0, turn) }
    }

    private mutating func giveUp(_ name: String, _ track: Track, _ turn: inout StandbyTurn) {
        let next = plan.ladders(over: name).compactMap { [turn] in successor(of: name, in: $0, turn) }.first
        let failures = (standbys[name]?.failures ?? 0) + 1
        let wait = min(Self.longestRetry, Self.firstRetry * (1 << min(failures - 1, 10)))
        standbys[name]?.failures = failures
        standbys[name]?.retryAt = turn.now + wait
        standbys[name]?.phase = .resting
        if !track.isDown { stop(name, &turn) }
        var evidence = ["\(track.status.state.rawValue): \(track.status.reason)"]
        if let exit = track.status.lastExit { evidence.append("last exit: \(exit)") }
        evidence += ["failed loads in a row: \(failures)", "tried again, if needed, after: \(wait.spoken)"]
        let severity: Event.Severity = next == nil ? .error : .warning
        let sequel = next.map { "\($0) is tried instead" } ?? "there is no other to try"
        turn.record(severity, .standbyFailed, name, "It does not load; \(sequel).", evidence)
    }

    // MARK: Down

    /// Lets it step back when those above have been whole for long enough, and gives a resource to whom a person has
    /// started.
    mutating func reconsider(_ name: String, _ turn: inout StandbyTurn) {
        guard let standby = standbys[name] else { return }
        if case .pending = standby.phase, !isNeeded(name) { standbys[name]?.phase = .resting }
        guard standby.isActive else { return }
        if let wanted = claimant(of: name) {
            turn.record(
                .standbyFailback, name, "It is stopped: \(wanted) was started and needs what it holds.",
                ["resource: \(plan.resources[name] ?? "")"])
            return stop(name, &turn)
        }
        switch standby.phase {
        case .loading where isReleased(name, turn.now):
            turn.record(.standbyFailback, name, "It is stopped before it has loaded: the backends are whole again.")
            stepBack(name, &turn)
        case .serving where isReleased(name, turn.now): drain(name, &turn)
        case .draining(let since, let until): continueDrain(name, since, until, &turn)
        default: break
        }
    }

    private func isReleased(_ name: String, _ now: Duration) -> Bool {
        guard let standby = standbys[name] else { return false }
        return plan.ladders(over: name).allSatisfy { ladder in
            guard let since = models[ladder.model]?.wholeSince else { return false }
            return now - since >= failbackWait(ladder, standby)
        }
    }

    /// Twice as long for each promotion that followed soon on a failback.
    func failbackWait(_ ladder: StandbyPlan.Ladder, _ standby: Standby) -> Duration {
        min(max(Self.longestFailback, ladder.failback), ladder.failback * (1 << min(standby.undone, 20)))
    }

    private mutating func drain(_ name: String, _ turn: inout StandbyTurn) {
        let longest = plan.ladders(over: name).map(\.drain).max() ?? .zero
        standbys[name]?.phase = .draining(since: turn.now, until: turn.now + longest)
        let waits = plan.ladders(over: name).compactMap { ladder in
            models[ladder.model]?.wholeSince.map { "\(ladder.model): whole for \((turn.now - $0).spoken)" }
        }
        turn.record(
            .standbyFailback, name, "It steps back: the backends are whole again.",
            waits + ["in flight: \(tracks[name]?.inFlight.map(String.init) ?? "not known")"])
    }

    private mutating func continueDrain(
        _ name: String, _ since: Duration, _ until: Duration, _ turn: inout StandbyTurn
    ) {
        let isWhole = plan.ladders(over: name).allSatisfy { models[$0.model]?.wholeSince != nil }
        guard isWhole else {
            standbys[name]?.phase = .serving(since: turn.now)
            return
        }
        let isIdle = turn.now - since >= Self.shortestDrain && tracks[name]?.inFlight == 0
        if isIdle || turn.now >= until { stepBack(name, &turn) }
    }

    private mutating func stepBack(_ name: String, _ turn: inout StandbyTurn) {
        standbys[name]?.steppedBackAt = turn.now
        stop(name, &turn)
    }

    func canFollow(_ name: String, _ next: String, _ turn: StandbyTurn) -> Bool {
        // Who waits for what the other holds has it as soon as that is gone.
        plan.resources[next] != nil && plan.resources[next] == plan.resources[name] || access(of: next, turn).isGranted
    }

    mutating func stop(_ name: String, _ turn: inout StandbyTurn) {
        standbys[name]?.phase = .stopping(since: turn.now)
        turn.effects.append(.stop(name))
    }
}
