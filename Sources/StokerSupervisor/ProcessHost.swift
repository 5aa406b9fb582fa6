package import StokerCore

/// Starts and ends processes on behalf of the supervisor. Everything is a message: orders return at once, and what came
/// of them arrives as a `HostEvent`. Two implementations: `ShimProcessHost` (real shims), and the simulation's.
package protocol ProcessHost: Sendable {
    /// Starts the process under its shim; answered by `started` or `startFailed` with the same generation.
    func start(_ process: ProcessPlan, generation: UInt64)
    /// SIGTERM to the process group of that generation; no answer but `exited`. A stale generation is ignored.
    func terminate(_ process: String, generation: UInt64)
    /// SIGKILL to the process and everything that descends from it; answered by `exited`.
    func kill(_ process: String, generation: UInt64)
    /// Should the process of the generation before end by itself, it may be started as this one at once, without
    /// asking; answered, when that has happened, by `succeeded` and then as a start. Good for once, and until
    /// `terminate`, `kill` or `revoke`; an answer may cross these.
    func grant(_ process: ProcessPlan, generation: UInt64)
    /// Takes the grant back.
    func revoke(_ process: String)
    /// The process has left the plan and has ended: its shim may go too.
    func forget(_ process: String)
    /// What happened, in order for each process. One consumer.
    var events: AsyncStream<HostEvent> { get }
}

/// What a host has to say about one process.
package struct HostEvent: Sendable, Equatable {
    /// Its name.
    package var process: String
    /// The start that it is about; 0 for what belongs to none.
    package var generation: UInt64
    /// What happened to it.
    package var kind: Kind

    /// News about one generation of one process.
    package init(process: String, generation: UInt64, kind: Kind) {
        self.process = process
        self.generation = generation
        self.kind = kind
    }

    /// What can happen.
    package enum Kind: Sendable, Equatable {
        case started(ProcessIdentity)
        /// The program could not be started: one line with what and why (`/usr/bin/vllm: No such file or directory`).
        case startFailed(String)
        /// The process has ended, and nothing that descends from it is left. `evidence`: what the host knows beside the
        /// status, one fact a line; `outOfMemory`: whether the kernel's OOM killer did it, nil when it cannot be known.
        case exited(ExitStatus, evidence: [String], outOfMemory: Bool?)
        /// As `exited`, and the next generation has been started in its place, as granted.
        case succeeded(ProcessExit)
        /// So many bytes of its output could not be kept since the last report, and why.
        case logDropped(bytes: UInt64, reason: String)
        /// Its shim is gone; the process itself lives on and is watched, but its exit status will be unknown.
        case shimLost(String)
    }
}
