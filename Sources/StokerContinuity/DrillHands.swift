package import StokerCore

/// What a drill does to the world, and what it has to know of it. The composition implements it, and tests do.
package protocol DrillHands: Sendable {
    /// How things stand now.
    func surroundings() async -> DrillSurroundings
    /// The process of that name as the kernel knows it; nil when it does not run, or is not ours.
    func identity(of process: String) async -> ProcessIdentity?
    /// Sends a signal to exactly that process and its group; false when it is gone.
    func send(_ signal: Signal, to process: ProcessIdentity) -> Bool
    /// Keeps these out of the routing table; empty: nobody.
    func hold(_ backends: Set<String>) async
}

/// How things stand when a drill is ordered.
package struct DrillSurroundings: Sendable {
    package var table: RoutingTable
    /// nil while the gateway does not answer.
    package var usable: Set<String>?
    package var processes: [ProcessStatus]
    package var policy: DrillPolicy
    package var configDigest: String

    package init(
        table: RoutingTable, usable: Set<String>?, processes: [ProcessStatus], policy: DrillPolicy,
        configDigest: String
    ) {
        self.table = table
        self.usable = usable
        self.processes = processes
        self.policy = policy
        self.configDigest = configDigest
    }
}

/// What a record says of where it was made.
package struct DrillPlace: Sendable, Equatable {
    package var host: String
    package var version: String

    package init(host: String, version: String) {
        self.host = host
        self.version = version
    }
}
