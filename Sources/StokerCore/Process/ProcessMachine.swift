/// The life of one process as a value: events go in, effects come out, and nothing else happens.
///
/// It reads no clock and does no I/O; the supervisor performs its effects and feeds back what came of them. Whatever it
/// waits for has a `Ticket`, so that late, repeated and stale events are harmless: they name nothing that it still
/// holds.
///
/// ```
///  stopped ─▶ waiting ─▶ starting ─▶ running ─▶ draining ─▶ stopping ─▶ stopped
///                ▲          │ ▲         │                      │
///                │          ▼ │         ▼                      │
///                └─ failed ◀─ backoff ◀────────────────────────┘        (attach mode: stopped ◀─▶ watching)
/// ```
///
/// What it promises, whatever comes: a generation is started only when the one before has ended; SIGKILL follows
/// SIGTERM by `grace`; nothing in flight is waited for longer than `drain`; a process that is wanted runs, or is on its
/// way, or has failed loudly.
package struct ProcessMachine: Sendable, Equatable {
    /// What it manages and how; replaced by `Event.revised`.
    package internal(set) var plan: ProcessPlan
    /// Where it is in its life, with all that belongs to that.
    package internal(set) var state = State.stopped
    /// One sentence: why it is in this state.
    package internal(set) var reason: String
    /// Whether plan or person want it to run.
    package internal(set) var isWanted = false
    /// The number of the last start; it only grows.
    package internal(set) var generation: UInt64
    /// How often it was started again.
    package internal(set) var restarts = 0
    /// The last end, asked for or not.
    package internal(set) var lastExit: ProcessExit?
    /// From the start to ready, last time.
    package internal(set) var lastStart: Duration?

    /// What keeps it from starting, in words.
    var blockers: [String] = []
    var budget = RestartBudget()
    /// The last few ends in words, oldest first: the evidence when it gives up.
    var endings: [String] = []
    /// Why the next start is a restart; nil when it is none.
    var restartReason: RestartReason?
    private var random: SeededGenerator
    private var lastTicket: UInt64 = 0

    /// A machine at rest; it needs `begin` or an order to do anything.
    ///
    /// - Parameters:
    ///   - lastGeneration: The last generation that any earlier machine of this name has used.
    ///   - seed: Of the jitter in delays and probe intervals.
    package init(_ plan: ProcessPlan, lastGeneration: UInt64 = 0, seed: UInt64) {
        self.plan = plan
        generation = lastGeneration
        random = SeededGenerator(seed: seed)
        reason = "not started yet"
    }

    /// Takes one event in.
    ///
    /// - Parameter now: Monotonic time, on the same scale at each call.
    /// - Returns: What the shell must do, in this order.
    package mutating func handle(_ event: Event, at now: Duration) -> [Effect] {
        var turn = Turn(now: now)
        let (ticketsBefore, reportBefore) = (state.tickets, report)
        react(to: event, &turn)
        settleSuccession(&turn)
        let tickets = state.tickets
        for ticket in ticketsBefore where !tickets.contains(ticket) && event.ticket != ticket {
            turn.effects.append(.drop(ticket))
        }
        if report != reportBefore { turn.effects.append(.announce) }
        return turn.effects
    }

    private mutating func react(to event: Event, _ turn: inout Turn) {
        switch event {
        case .begin: begin(&turn)
        case .order(let order): obey(order, &turn)
        case .lastRun(let why): noteLastRun(why, &turn)
        case .retire(let why): bringToRest(why, .now, &turn)
        case .leave(let why): bringToRest(why, .leaving, &turn)
        case .revised(let plan, let blockers): revise(plan, blockers, &turn)
        case .blocked(let blockers): note(blockers: blockers, &turn)
        case .started(generation, let identity): noteStarted(identity, &turn)
        case .startFailed(generation, let why): noteStartFailed(why, &turn)
        case .exited(generation, let exit): noteExited(exit, &turn)
        case .succeeded(generation, let exit): noteSucceeded(exit, &turn)
        case .shimLost(generation, let why): noteShimLost(why, &turn)
        case .started, .startFailed, .exited, .succeeded, .shimLost: break
        case .inFlight(let count): note(inFlight: count, &turn)
        case .elapsed(let ticket): noteElapsed(ticket, &turn)
        case .answered(let ticket, let result): noteAnswer(result, to: ticket, &turn)
        }
    }

    /// A number for something new to wait for.
    mutating func ticket() -> Ticket {
        lastTicket += 1
        return Ticket(number: lastTicket)
    }

    /// Lets the shell wait, and says what for.
    mutating func wait(_ duration: Duration, _ turn: inout Turn) -> Ticket {
        let ticket = ticket()
        turn.effects.append(.wait(duration, ticket))
        return ticket
    }

    /// The duration, a tenth more or less.
    mutating func jittered(_ duration: Duration) -> Duration { random.jittered(duration) }

    /// What the unasked end of a run that was ready for `stableFor` leads to.
    mutating func decide(stableFor: Duration?, _ turn: Turn) -> RestartBudget.Decision {
        budget.decide(at: turn.now, stableFor: stableFor, policy: plan.restart, random: &random)
    }
}

/// One call of `handle`: its time, and the effects so far.
struct Turn {
    let now: Duration
    var effects: [ProcessMachine.Effect] = []

    /// Something worth a record, in the ordinary course of things.
    mutating func record(_ kind: Event.Kind, _ message: String, evidence: [String] = []) {
        record(.info, kind, message, evidence: evidence)
    }

    mutating func record(
        _ severity: Event.Severity, _ kind: Event.Kind, _ message: String, evidence: [String] = []
    ) {
        effects.append(.record(severity, kind, message: message, evidence: evidence))
    }
}
