import StokerContinuity
import StokerCore
import StokerHost

/// A drill's hands on this machine: signals from the host, the table from the daemon.
struct DrillActions: DrillHands {
    /// Owns the table and knows the processes.
    let daemon: Daemon

    func surroundings() async -> DrillSurroundings { await daemon.surroundings() }

    func identity(of process: String) async -> ProcessIdentity? {
        guard let status = await daemon.surroundings().processes.first(where: { $0.name == process }),
            status.managed, let pid = status.pid
        else { return nil }
        return ProcessFacts.identity(of: pid)
    }

    func send(_ signal: Signal, to process: ProcessIdentity) -> Bool { GroupSignal.send(signal, to: process) }

    func hold(_ backends: Set<String>) async { await daemon.hold(backends) }
}
