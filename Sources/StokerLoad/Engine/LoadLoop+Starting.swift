import DequeModule
import HeapModule

/// What begins: arrivals, users, their next turns.
extension LoadLoop {
    /// Whether an open loop has as many requests in flight as it may.
    var isAtCap: Bool {
        guard let cap = plan.capacity.inFlight else { return false }
        return inFlight >= cap
    }

    /// Starts all that is due.
    func startDue(_ now: Nanoseconds) {
        while let stay = stays.first, stay.start <= now {
            stays = stays.dropFirst()
            guard budget > 0 else { continue }
            users += 1
            ask(Talker(session(at: stay.start), stay: stay), scheduled: stay.start)
        }
        while let wakeup = wakeups.min, wakeup.time <= now {
            wakeups.removeMin()
            ask(wakeup.talker, scheduled: wakeup.time)
        }
        while let time = nextArrival, time <= now {
            nextArrival = arrivals?.next()
            guard budget > 0 else { continue }
            ask(Talker(session(at: time)), scheduled: time)
        }
        while !isAtCap, let first = waiting.popFirst() { begin(first.talker, scheduled: first.time) }
    }

    /// The run takes no more: what has not begun does not begin.
    func stopStarting() {
        wakeups = Heap()
        stays = []
        nextArrival = nil
        // Their time came before the end; that the cap kept them back is a result.
        while let first = waiting.popFirst() { account(unsent(first.talker, first.time, .censored), sample: "") }
    }

    private func session(at time: Nanoseconds) -> Session {
        sessions.next(isWarmUp: time < plan.stop.warmUp)
    }

    /// A turn is due: it begins, waits for its turn under the cap, or is dropped.
    private func ask(_ talker: Talker, scheduled: Nanoseconds) {
        if let stayEnd = talker.stay?.end, scheduled >= stayEnd { return leave() }
        guard budget > 0 else { return talker.stay == nil ? () : leave() }
        budget -= 1
        guard talker.stay == nil, isAtCap else { return begin(talker, scheduled: scheduled) }
        switch plan.capacity.atCap {
        case .queue: waiting.append(wakeup(talker, at: scheduled))
        case .drop: account(unsent(talker, scheduled, .dropped), sample: "")
        }
    }

    private func leave() { users -= 1 }

    private func unsent(_ talker: Talker, _ scheduled: Nanoseconds, _ outcome: Outcome) -> RequestRecord {
        Call(talker, scheduled: scheduled, began: scheduled, endpoint: plan.target.endpoint)
            .closed(outcome, at: clock.now)
    }

    /// After an answer, or none: the talker's next turn, its next session, or its end.
    func goOn(_ talker: Talker, after outcome: Outcome, at now: Nanoseconds) {
        let asked = talker.current
        let hasTurn = talker.advance()
        guard hasTurn || talker.stay != nil else { return }
        var pause = asked?.pause ?? thinkTime()
        if outcome.isBad, outcome.isBeforeAnswer { pause = max(pause, Self.failurePause) }
        if !hasTurn { talker.begin(session(at: now + pause)) }
        wakeups.insert(wakeup(talker, at: now + pause))
    }

    private func thinkTime() -> Nanoseconds {
        guard case .users(let arrival) = plan.arrival else { return 0 }
        return arrival.thinkTime.draw(using: &pauses)
    }

    private func wakeup(_ talker: Talker, at time: Nanoseconds) -> Wakeup {
        wakeupNumber += 1
        return Wakeup(time: time, number: wakeupNumber, talker: talker)
    }
}

extension Outcome {
    /// Whether the server said nothing at all.
    var isBeforeAnswer: Bool {
        switch self {
        case .unknownHost, .refused, .connectFailed, .connectTimeout, .tls, .reset, .closedEarly: true
        default: false
        }
    }
}
