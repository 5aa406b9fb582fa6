/// A backend that the gateway lost, with the times at which it noticed, turned away, was served elsewhere, and had the
/// backend back.
///
/// It grows while it is open; whoever reads it takes the newest of the same number.
package struct BackendLoss: Sendable, Equatable, Codable {
    /// What the gateway noticed first.
    package enum Sign: String, Sendable, Codable, CaseIterable {
        /// No connection, or it ended before an answer.
        case connection
        /// An answer broke off in the middle. Alone it proves nothing: an engine may end one stream and live.
        case broken
        /// It says nothing, and its health path does not answer.
        case frozen
        /// Nobody hears anything of it.
        case silent
        /// The control plane's table took it out.
        case table
    }

    /// Ascending within one life of the gateway, from 1.
    package var number: Int64
    package var backend: String
    package var sign: Sign
    /// The failure in words, as a clause.
    package var words: String
    /// When a byte of an answer came from it last; nil: never.
    package var lastHeard: BootTime?
    /// Requests that it was working on.
    package var inFlight: Int
    package var noticed: BootTime
    /// When it was passed over: out of rotation, or its first request moved to another.
    package var decided: BootTime?
    /// Whether it left the rotation. A loss of which that never becomes true was none.
    package var isOut: Bool
    /// When it was in rotation again.
    package var back: BootTime?
    /// By the name of each model that it serves.
    package var models: [String: Share]

    /// What one model had of it.
    package struct Share: Sendable, Equatable, Codable {
        /// The first good event or answer of another backend after it was noticed.
        package var served: BootTime?
        package var servedBy: String?
        package var counts = FailoverCounts()

        package init() {}
    }

    package init(
        number: Int64, backend: String, sign: Sign, words: String = "", lastHeard: BootTime? = nil, inFlight: Int = 0,
        noticed: BootTime, isOut: Bool = false, models: [String]
    ) {
        self.number = number
        self.backend = backend
        self.sign = sign
        self.words = words
        self.lastHeard = lastHeard
        self.inFlight = inFlight
        self.noticed = noticed
        decided = isOut ? noticed : nil
        self.isOut = isOut
        self.models = Dictionary(models.map { ($0, Share()) }, uniquingKeysWith: { first, _ in first })
    }
}

/// What became of the requests that a lost backend had.
package struct FailoverCounts: Sendable, Equatable, Codable {
    /// Answered by another, and the client saw nothing of it.
    package var retried = 0
    /// Streams that went on elsewhere.
    package var continued = 0
    /// Clients that got an error instead of an answer.
    package var failed = 0
    /// Streams that ended with an error event.
    package var broken = 0
    /// Tokens of these, which their clients must have made again.
    package var lostTokens = 0

    package init(retried: Int = 0, continued: Int = 0, failed: Int = 0, broken: Int = 0, lostTokens: Int = 0) {
        self.retried = retried
        self.continued = continued
        self.failed = failed
        self.broken = broken
        self.lostTokens = lostTokens
    }

    /// Requests that somebody has to send again.
    package var lost: Int { failed + broken }

    package static func + (left: FailoverCounts, right: FailoverCounts) -> FailoverCounts {
        FailoverCounts(
            retried: left.retried + right.retried, continued: left.continued + right.continued,
            failed: left.failed + right.failed, broken: left.broken + right.broken,
            lostTokens: left.lostTokens + right.lostTokens)
    }
}

/// The losses that the gateway still knows, oldest first.
package struct GatewayLosses: Sendable, Equatable, Codable {
    /// Drawn by each gateway as it starts: another one counts anew.
    package var life: Int64
    package var losses: [BackendLoss]

    package init(life: Int64, losses: [BackendLoss] = []) {
        self.life = life
        self.losses = losses
    }
}
