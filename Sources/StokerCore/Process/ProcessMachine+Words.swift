/// Names one wait or one question that a machine has outstanding; never used twice.
package struct Ticket: Sendable, Hashable {
    /// Ascending within one machine.
    package let number: UInt64

    /// The ticket of that number.
    package init(number: UInt64) { self.number = number }
}

/// Which of a process's probes.
package enum ProbeKind: String, Sendable, CaseIterable {
    case startup, liveness, readiness
}

extension ProcessMachine {
    /// What a machine is told.
    package enum Event: Sendable, Equatable {
        /// The plan holds this process now: start it if it is to start by itself.
        case begin
        /// A person wants something.
        case order(ProcessOrder)
        /// It may live on, but once it has ended it is not started again; who does not live rests at once.
        case lastRun(String)
        /// It is to end now and stay so: the daemon ends.
        case retire(String)
        /// The plan no longer holds it: it is to end once it has done what it is about, and stay so.
        case leave(String)
        /// Its plan is this now, and by this plan it waits for these.
        case revised(ProcessPlan, blockedBy: [String])
        /// What it still has to wait for before a fresh start; empty when nothing.
        case blocked(by: [String])
        /// The host's words, each about one generation.
        case started(UInt64, ProcessIdentity)
        case startFailed(UInt64, String)
        case exited(UInt64, ProcessExit)
        /// As `exited`, and the host has started the next generation in its place.
        case succeeded(UInt64, ProcessExit)
        case shimLost(UInt64, String)
        /// So many requests are in flight at it, and no new ones can come to it.
        case inFlight(Int)
        /// A wait is over.
        case elapsed(Ticket)
        /// A question has its answer.
        case answered(Ticket, ProbeResult)

        /// What the event is the end of.
        var ticket: Ticket? {
            switch self {
            case .elapsed(let ticket), .answered(let ticket, _): ticket
            default: nil
            }
        }
    }

    /// What a machine asks for.
    package enum Effect: Sendable, Equatable {
        case start(generation: UInt64)
        /// SIGTERM.
        case terminate(generation: UInt64)
        /// SIGKILL.
        case kill(generation: UInt64)
        /// The host may start this generation by itself when the one before has ended by itself; once.
        case grant(generation: UInt64)
        /// It may not any more.
        case revoke
        /// Say `elapsed` with this ticket after so long.
        case wait(Duration, Ticket)
        /// Ask, and say `answered` with this ticket.
        case ask(ProbeKind, ProbePlan, Ticket)
        /// Nobody waits for this ticket any more; its event would be harmless, but costs.
        case drop(Ticket)
        /// An event for the records.
        case record(StokerCore.Event.Severity, StokerCore.Event.Kind, message: String, evidence: [String])
        /// The start just asked for is a restart.
        case count(RestartReason)
        /// `report` has changed.
        case announce
    }

    /// Where it is in its life, with what belongs to that state and ends with it.
    package enum State: Sendable, Equatable {
        case stopped
        /// Wanted, but others come first.
        case waiting
        /// Ordered from the host; not yet started up. The ticket is the deadline for that.
        case starting(Run, deadline: Ticket)
        /// Started up.
        case running(Run)
        /// Gets no new requests; goes down once nothing is in flight at it.
        case draining(Run, Draining)
        /// On its way down.
        case stopping(Run, Stopping)
        /// Ended; the ticket is the wait for the next start.
        case backoff(Ticket)
        /// Ended too often.
        case failed
        /// Attach mode: somebody else's process is asked how it is.
        case watching(Watch)

        /// The tickets that this state holds; what else comes back is stale.
        package var tickets: [Ticket] {
            switch self {
            case .stopped, .waiting, .failed: []
            case .starting(let run, let deadline): run.questions.map(\.ticket) + [deadline]
            case .running(let run): run.questions.map(\.ticket) + (run.stability.map { [$0] } ?? [])
            case .draining(let run, let draining):
                run.questions.map(\.ticket) + [draining.deadline, draining.silence]
            case .stopping(_, let stopping): [stopping.timer]
            case .backoff(let ticket): [ticket]
            case .watching(let watch): watch.question.map { [$0.ticket] } ?? []
            }
        }

        /// The generation that may be alive.
        package var run: Run? {
            switch self {
            case .starting(let run, _), .running(let run), .draining(let run, _), .stopping(let run, _): run
            case .stopped, .waiting, .backoff, .failed, .watching: nil
            }
        }
    }

    /// One generation of the process.
    package struct Run: Sendable, Equatable {
        /// Its number, by which orders and reports name it.
        package let generation: UInt64
        /// When the host was told to start it.
        package let orderedAt: Duration
        /// Known once the host has started it.
        package var identity: ProcessIdentity?
        /// When it was ready first.
        package var readySince: Duration?
        /// Whether its shim is gone.
        var isOrphan = false
        /// Whether it is ready now.
        package var isReady = false
        /// What a person wants of it; a later run knows nothing of that.
        package var rotation = Rotation.open
        var questions: [Question] = []
        /// Whether the host may start the next generation by itself.
        var isSuccessionGranted = false
        /// The wait until it has been ready for long enough for that.
        var stability: Ticket?
    }

    /// Whether it may get requests, as far as a person has a say in it.
    package enum Rotation: Sendable, Equatable {
        case open
        /// No new ones, by order.
        case draining
        /// And nothing is in flight any more.
        case drained
    }

    /// A run's last requests.
    package struct Draining: Sendable, Equatable {
        /// What comes after the end.
        var then: Stopping.Then
        let why: String
        /// Then it goes down whatever is in flight.
        let deadline: Ticket
        /// Then the gateway has said nothing for too long.
        var silence: Ticket
        /// Its plan has changed: it cannot stay, even if somebody wants it back.
        var isOutdated = false
    }

    /// A run's way down.
    package struct Stopping: Sendable, Equatable {
        /// What comes after the end.
        enum Then: Sendable, Equatable {
            /// Rest, or a fresh start if somebody has wanted one meanwhile.
            case rest
            /// A fresh start, for that reason.
            case freshStart(RestartReason)
            /// As after any failure, by the budget.
            case retry(RestartReason, String)
        }

        var then: Then
        /// The grace, then the pause between SIGKILLs.
        var timer: Ticket
        var kills = 0
    }

    /// The watch over a process that somebody else runs.
    package struct Watch: Sendable, Equatable {
        /// nil: nobody asks, so it is taken for ready.
        var question: Question?
        /// Whether it is ready now.
        package var isReady: Bool
        /// Whether it was ever ready.
        package var wasReady: Bool
        /// What a person wants of it.
        package var rotation = Rotation.open
    }
}
