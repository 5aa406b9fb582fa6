/// A fault that is made on purpose, to see what clients would notice of it.
package struct DrillOrder: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// SIGKILL to the process.
        case kill
        /// SIGSTOP, and SIGCONT at the end.
        case hang
        /// Out of the routing table, and in again.
        case drain
        /// Several at once, as a site is lost: SIGKILL to those that are ours, the others out of the table.
        case site
    }

    package var kind: Kind
    /// Names of processes; one, but for `site`.
    package var targets: [String]
    /// How long a hang or a drain lasts; a kill lasts until the process is back.
    package var lasts: Duration
    /// Users of the load that the caller offers meanwhile; 0: only real traffic.
    package var users: Int
    /// Who ordered it.
    package var caller: Caller

    /// Who says to have ordered it: whoever may use the control socket may say so.
    package struct Caller: Sendable, Equatable, Codable {
        package var name: String
        package var uid: Int?

        package init(name: String, uid: Int? = nil) {
            self.name = name
            self.uid = uid
        }
    }

    package init(
        _ kind: Kind, targets: [String], lasts: Duration = .seconds(10), users: Int = 0,
        caller: Caller = Caller(name: "unknown")
    ) {
        self.kind = kind
        self.targets = targets
        self.lasts = lasts
        self.users = users
        self.caller = caller
    }

    /// Bounds of `lasts`: shorter is seen by nobody, longer is no drill.
    package static let length: ClosedRange<Duration> = .seconds(1) ... .seconds(300)
    package static let maximumUsers = 1000

    /// As it was typed.
    package var text: String { "\(kind.rawValue) \(targets.joined(separator: ","))" }
}

/// What the config says about drills.
package struct DrillPolicy: Sendable, Equatable, Codable {
    /// From the fault until another backend has answered; more is a failed drill.
    package var rto: Duration
    /// Requests that may fail or break off.
    package var maxFailed: Int
    /// How old the last drill that passed may be; for the alert.
    package var every: Duration
    /// Backends of each model that stay in rotation.
    package var minHealthy: Int

    package init(
        rto: Duration = .seconds(60), maxFailed: Int = 0, every: Duration = .seconds(30 * 86_400), minHealthy: Int = 1
    ) {
        self.rto = rto
        self.maxFailed = maxFailed
        self.every = every
        self.minHealthy = minHealthy
    }
}
