/// What the machine remembers.
extension StandbyMachine {
    /// One process as last seen.
    struct Track: Sendable, Equatable {
        var status: ProcessStatus
        /// Ready, and the gateway sends to it.
        var isUsable: Bool
        var inFlight: Int?
        /// Its restarts when it last served or rested: what is above this has failed since.
        var restartsBefore: Int

        /// Starts since it last served or rested, the first one excepted.
        var failedStarts: Int { status.restarts - restartsBefore }

        /// Whether something of it lives, or will again by itself: then it keeps what it holds.
        var isHolding: Bool {
            switch status.state {
            case .starting, .ready, .unready, .draining, .stopping, .backoff: true
            case .stopped, .waiting, .failed: false
            }
        }

        /// Whether it runs, or is wanted to.
        var isWanted: Bool {
            switch status.state {
            case .starting, .ready, .unready, .backoff, .waiting: true
            // It gets nothing new, be it that it is about to stop or that a person wants it so.
            case .draining, .stopping, .stopped, .failed: false
            }
        }

        /// An order to stop has been heard; said again, it would cut off what it still works on.
        var isEnding: Bool { status.state == .draining || status.state == .stopping }

        /// Nothing of it lives.
        var isDown: Bool { status.state == .stopped || status.state == .failed }

        /// Its immediate restart did not help: nobody knows when it will be back.
        var isHopeless: Bool {
            switch status.state {
            case .failed, .backoff: true
            case .starting: failedStarts >= 2
            case .stopped, .waiting, .ready, .unready, .draining, .stopping: false
            }
        }
    }

    /// One model as it stands.
    struct ModelView: Sendable, Equatable {
        /// Since when nobody above the cold standbys serves; nil while somebody does, or all are loading for the first
        /// time.
        var outageSince: Duration?
        /// Since when all backends serve that are meant to.
        var wholeSince: Duration?
        /// Whether somebody above has served since the daemon started.
        var hasServed = false
        /// Whether a backend was up once, or none will be by waiting: from then on a standby that serves is news.
        var isSettled = false
        var firstSeen: Duration?
    }

    /// One cold standby.
    struct Standby: Sendable, Equatable {
        enum Phase: Sendable, Equatable {
            case resting
            /// It is needed, and waits for a resource.
            case pending(String)
            /// Told to start; `isSeen`: the order has shown an effect.
            case loading(since: Duration, isSeen: Bool)
            case serving(since: Duration)
            /// Nobody needs it; it finishes what it has.
            case draining(since: Duration, until: Duration)
            /// Told to stop.
            case stopping(since: Duration)
            /// A person has started it, so a person stops it.
            case byHand
            /// A person has stopped it while it was needed; not started before somebody above has served.
            case leftAlone
        }

        var phase = Phase.resting
        /// Loads in a row that came to nothing.
        var failures = 0
        /// Not tried again before.
        var retryAt: Duration?
        /// Promotions in a row that followed soon on a failback.
        var undone = 0
        var steppedBackAt: Duration?

        /// Whether this machine has started it and not stopped it.
        var isActive: Bool {
            switch phase {
            case .loading, .serving, .draining: true
            case .resting, .pending, .stopping, .byHand, .leftAlone: false
            }
        }

        /// Whether it may hold its resource, or is about to.
        var needsResource: Bool {
            switch phase {
            case .pending, .stopping, .byHand: true
            case .resting, .leftAlone: false
            case .loading, .serving, .draining: true
            }
        }

        /// When something is due that belongs to its phase.
        var deadlines: [Duration] {
            let retry = retryAt.map { [$0] } ?? []
            switch phase {
            case .loading(let since, false), .stopping(let since): return retry + [since + orderPatience]
            case .draining(let since, let until): return retry + [since + shortestDrain, until]
            case .resting, .pending, .loading, .serving, .byHand, .leftAlone: return retry
            }
        }
    }

    /// A backend that was told to rest for a standby.
    struct Displacement: Sendable, Equatable {
        var resource: String
        var at: Duration
        var isDown = false
    }
}
